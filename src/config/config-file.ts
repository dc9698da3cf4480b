import { readFileSync } from 'node:fs';

import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';

import type { Environment } from './environment.js';
import type { ConfigErrors } from './config-errors.js';
import { filled, isMapping, pathsOf, without } from './file-parts.js';
import { schemaIssues, formatIssue } from './schema-issues.js';
import { PullsEntry } from './pull-allowances.js';
import { MutableTagsEntry } from './mutable-tags-settings.js';
import { ScheduleEntries } from './schedule-settings.js';
import { TargetEntry } from './targets.js';
import { GitHubEntry, UpstreamEntries } from './upstream-entries.js';

const MirrorEntry = z.strictObject({
  registry: z.string(),
  /** Take the mirror's word for what a tag points to. */
  resolveTags: z.boolean().optional(),
});

const HostEntry = z.strictObject({
  scheme: z.enum(['http', 'https']).optional(),
  caFile: z.string().min(1).optional(),
  /** A client certificate and its key. */
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  /** `none`, or a proxy for this host alone. */
  proxy: z.string().min(1).optional(),
  /** `mirror.example.com` or `harbor.example.com/proxy-project`; tried in order before the host itself. */
  mirrors: z
    .array(z.union([z.string(), MirrorEntry], 'must be host/path, or { registry: host/path, resolveTags: true }'))
    .optional(),
  /** Read from this source by each worker, at most: `50Mbit/s`. */
  bandwidth: z.string().optional(),
  /** Blobs that each worker reads from this source at once. */
  concurrency: z.int().min(1).max(64).optional(),
  pulls: PullsEntry.optional(),
  /** Blobs may come from a storage without TLS. */
  allowHttpBlobRedirects: z.boolean().optional(),
});

const ConfigFile = z.strictObject({
  targets: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes'), TargetEntry)
    .optional(),
  /** For every target that does not say otherwise. */
  referrers: z.boolean().optional(),
  mutableTags: MutableTagsEntry.optional(),
  hosts: z.record(z.string(), HostEntry).optional(),
  github: GitHubEntry.optional(),
  upstreams: UpstreamEntries.optional(),
  schedules: ScheduleEntries.optional(),
});

/** `ferry.yaml`: what variables cannot say well. */
export type ConfigFile = z.infer<typeof ConfigFile> & {
  /** As `FERRY_CONFIG` gives it: every fault of the file begins with it. */
  readonly path: string;
  /** What it has, readable or not: where that is referred to, its own fault is not followed by another. */
  readonly named?: { readonly upstreams: readonly string[]; readonly targets: readonly string[] };
};
export type HostEntry = z.infer<typeof HostEntry>;

/** Where `FERRY_CONFIG` names none. */
const noConfigFile: ConfigFile = { path: 'ferry.yaml' };

/** The file that `FERRY_CONFIG` names, read as {@link readConfigFile} does; {@link noConfigFile} where it names none. */
export function configFileOf(environment: Environment, faults: ConfigErrors): ConfigFile {
  const path = faults.try(() => environment.value('FERRY_CONFIG'));
  return path === undefined ? noConfigFile : readConfigFile(path, faults);
}

/**
 * Reads and checks the file; every fault is added to `faults` as one line that names the file and the place in it. What
 * is not of the form of its place is left out of the result, so that the values of the rest are looked at all the same.
 */
export function readConfigFile(path: string, faults: ConfigErrors): ConfigFile {
  let document: unknown;
  try {
    document = filled(parse(readFileSync(path, 'utf8')));
  } catch (error) {
    faults.add(`FERRY_CONFIG: ${path} ${whyUnreadable(error)}`);
    return { path };
  }

  const result = ConfigFile.safeParse(document, { error: formatIssue });
  const named = namesOf(document);
  if (result.success) return { path, named, ...result.data };
  for (const issue of result.error.issues) {
    for (const fault of schemaIssues(issue)) faults.add(`${path}: ${fault}`);
  }
  const rest = ConfigFile.safeParse(without(document, result.error.issues.flatMap(pathsOf)));
  return { path, named, ...rest.data };
}

function namesOf(document: unknown): NonNullable<ConfigFile['named']> {
  const { upstreams, targets } = isMapping(document) ? document : {};
  const keys = (section: unknown): readonly string[] => (isMapping(section) ? Object.keys(section) : []);
  return { upstreams: keys(upstreams), targets: keys(targets) };
}

/** In one line: the parser's words end where it begins to show the file. */
function whyUnreadable(error: unknown): string {
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return error instanceof YAMLParseError ? `is no YAML: ${said.replace(/:$/, '')}` : `cannot be read: ${said}`;
}
