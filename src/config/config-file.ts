import { readFileSync } from 'node:fs';

import { parse, YAMLParseError } from 'yaml';
import * as z from 'zod';

import { errorMessage } from '../domain/error-message.js';
import { AuditEntry } from './audit-settings.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { filled, isMapping, pathsOf, without } from './file-parts.js';
import { MutableTagsEntry } from './mutable-tags-settings.js';
import { NotificationsEntry } from './notification-settings.js';
import { PullsEntry } from './pull-allowances.js';
import { ScheduleEntries } from './schedule-settings.js';
import { schemaIssues, formatIssue } from './schema-issues.js';
import { TargetEntry } from './targets.js';
import { GitHubEntry, UpstreamEntries } from './upstream-entries.js';

const MirrorEntry = z.strictObject({
  registry: z.string(),
  /** Trust the mirror's answer about what a tag points to. */
  resolveTags: z.boolean().optional(),
});

const HostEntry = z.strictObject({
  scheme: z.enum(['http', 'https']).optional(),
  caFile: z.string().min(1).optional(),
  /** A client certificate and its key. */
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  /** `none`, or a proxy for this host only. */
  proxy: z.string().min(1).optional(),
  /** `mirror.example.com` or `harbor.example.com/proxy-project`; tried in order before the host itself. */
  mirrors: z
    .array(z.union([z.string(), MirrorEntry], 'must be host/path, or { registry: host/path, resolveTags: true }'))
    .optional(),
  /** Maximum read rate from this source per worker: `50Mbit/s`. */
  bandwidth: z.string().optional(),
  /** Most blobs that each worker reads from this source at once, and sends to it as a target at once. */
  concurrency: z.int().min(1).max(64).optional(),
  /** Connections over which each worker reads large blobs from this source. */
  connections: z.int().min(1).max(64).optional(),
  pulls: PullsEntry.optional(),
  /** Blobs may be redirected to a storage without TLS. */
  allowHttpBlobRedirects: z.boolean().optional(),
});

const ConfigFile = z.strictObject({
  targets: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes'), TargetEntry)
    .optional(),
  /** Default for targets that do not set it. */
  referrers: z.boolean().optional(),
  mutableTags: MutableTagsEntry.optional(),
  audit: AuditEntry.optional(),
  hosts: z.record(z.string(), HostEntry).optional(),
  github: GitHubEntry.optional(),
  upstreams: UpstreamEntries.optional(),
  schedules: ScheduleEntries.optional(),
  notifications: NotificationsEntry.optional(),
});

/** `ferry.yaml`: what variables cannot express well. */
export type ConfigFile = z.infer<typeof ConfigFile> & {
  /** As `FERRY_CONFIG` gives it: every error of the file begins with it. */
  readonly path: string;
  /** Names in the file, valid or not: a reference to an invalid entry causes no second error. */
  readonly named?: { readonly upstreams: readonly string[]; readonly targets: readonly string[] };
};
export type HostEntry = z.infer<typeof HostEntry>;

/** Used if `FERRY_CONFIG` is not set. */
const noConfigFile: ConfigFile = { path: 'ferry.yaml' };

/** Reads the file of `FERRY_CONFIG` with {@link readConfigFile}; returns {@link noConfigFile} if it is not set. */
export function configFileOf(environment: Environment, errors: ConfigErrors): ConfigFile {
  const path = errors.try(() => environment.value('FERRY_CONFIG'));
  return path === undefined ? noConfigFile : readConfigFile(path, errors);
}

/**
 * Reads and validates the file; every error is added to `errors` as one line with the file and the location in it.
 * Invalid entries are left out of the result, so that the others are still validated.
 */
export function readConfigFile(path: string, errors: ConfigErrors): ConfigFile {
  let document: unknown;
  try {
    document = filled(parse(readFileSync(path, 'utf8')));
  } catch (error) {
    errors.add(`FERRY_CONFIG: ${path} ${whyUnreadable(error)}`);
    return { path };
  }

  const result = ConfigFile.safeParse(document, { error: formatIssue });
  const named = namesOf(document);
  if (result.success) return { path, named, ...result.data };
  for (const issue of result.error.issues) {
    for (const fault of schemaIssues(issue)) errors.add(`${path}: ${fault}`);
  }
  const rest = ConfigFile.safeParse(without(document, result.error.issues.flatMap(pathsOf)));
  return { path, named, ...rest.data };
}

function namesOf(document: unknown): NonNullable<ConfigFile['named']> {
  const { upstreams, targets } = isMapping(document) ? document : {};
  const keys = (section: unknown): readonly string[] => (isMapping(section) ? Object.keys(section) : []);
  return { upstreams: keys(upstreams), targets: keys(targets) };
}

/** In one line: the parser's message without the excerpt of the file that follows it. */
function whyUnreadable(error: unknown): string {
  const [message = ''] = errorMessage(error).split('\n');
  return error instanceof YAMLParseError
    ? `is not valid YAML: ${message.replace(/:$/, '')}`
    : `cannot be read: ${message}`;
}
