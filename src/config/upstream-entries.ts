import * as z from 'zod';

import { builtInUpstreams } from '../domain/built-in-upstreams.js';
import { FetchScope } from '../domain/upstream.js';
import type { Upstream } from '../domain/upstream.js';
import { VersionOrder } from '../domain/version-order.js';

/** The schema of `upstreams` in `ferry.yaml`. */

const RepositoryName = z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name of a repository on GitHub');
const Texts = z.array(z.string().min(1));
const Patterns = z.strictObject({
  images: Texts.optional(),
  services: Texts.optional(),
  profiles: Texts.optional(),
});
const Schedule = z.union(
  [
    z.literal('off'),
    z.strictObject({ every: z.string() }),
    z.strictObject({ cron: z.union([z.string().min(1), Texts.min(1)]), timezone: z.string().min(1).optional() }),
  ],
  "must be off, { every: 12h } or { cron: '30 3 * * *', timezone: Asia/Shanghai }",
);

const everyUpstream = {
  platforms: Texts.min(1).optional(),
  /** By image pattern. */
  imagePlatforms: z.record(z.string().min(1), Texts.min(1)).optional(),
  targets: Texts.min(1).optional(),
  schedule: Schedule.optional(),
};
const releases = { versions: z.enum(VersionOrder).optional(), prereleases: z.boolean().optional() };
const compose = {
  ...everyUpstream,
  ...releases,
  scope: z.enum(FetchScope).optional(),
  include: Patterns.optional(),
  exclude: Patterns.optional(),
  variables: z.record(z.string(), z.coerce.string()).optional(),
};

const ComposeEntry = z.strictObject({
  kind: z.literal('compose'),
  repository: RepositoryName,
  file: z.string().min(1).optional(),
  ...compose,
});
const releaseFiles = {
  ...everyUpstream,
  ...releases,
  repository: RepositoryName,
  scope: z.enum(FetchScope).optional(),
  /** Patterns of images. */
  include: Texts.optional(),
  exclude: Texts.optional(),
  likely: Texts.optional(),
};
const KubernetesEntry = z.strictObject({
  kind: z.literal('kubernetes'),
  files: z.union([z.string().min(1), Texts.min(1)]),
  ...releaseFiles,
});
const HelmEntry = z.strictObject({
  kind: z.literal('helm'),
  chart: z.string().min(1),
  values: z.record(z.string(), z.unknown()).optional(),
  kubeVersion: z
    .string()
    .regex(/^v?\d+\.\d+(?:\.\d+)?/, 'must be a version of Kubernetes, such as 1.35.0')
    .optional(),
  ...releaseFiles,
});
const ReleaseEntry = z.strictObject({
  kind: z.literal('release'),
  repository: RepositoryName,
  /** References with `{tag}` or `{version}`. */
  images: Texts.min(1),
  ...everyUpstream,
  ...releases,
});
const tags = {
  match: z.string().min(1).optional(),
  range: z.string().min(1).optional(),
  newest: z.number().int().min(1).max(500).optional(),
  deny: Texts.optional(),
  ...everyUpstream,
};
const TagsEntry = z.strictObject({ kind: z.literal('tags'), image: z.string().min(1), ...tags });

/** The fields of a built-in upstream that can be changed, by its kind. */
const ComposeChanges = z.strictObject({
  repository: RepositoryName.optional(),
  file: z.string().min(1).optional(),
  ...compose,
});
const ReleaseChanges = z.strictObject({
  repository: RepositoryName.optional(),
  image: z.string().min(1).optional(),
  /** Appended to the tag: `''` for the image itself, `-cpu` for a variant. */
  suffixes: z
    .array(z.string().regex(/^[\w.-]*$/, 'must contain only characters that are allowed in a tag'))
    .min(1)
    .optional(),
  ...everyUpstream,
  ...releases,
});
const TagsChanges = z.strictObject({ image: z.string().min(1).optional(), ...tags });

const CustomEntry = z.discriminatedUnion('kind', [ComposeEntry, KubernetesEntry, HelmEntry, ReleaseEntry, TagsEntry]);

export const UpstreamEntries = z
  .object(Object.fromEntries(builtInUpstreams.map((standard) => [standard.name, changesOf(standard).optional()])))
  .catchall(CustomEntry);
export const GitHubEntry = z.strictObject({
  apiUrl: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
});

function changesOf(standard: Upstream) {
  switch (standard.kind) {
    case 'compose':
      return ComposeChanges.transform((changes) => ({ kind: 'changed-compose' as const, standard, changes }));
    case 'release':
      return ReleaseChanges.transform((changes) => ({ kind: 'changed-release' as const, standard, changes }));
    case 'tags':
      return TagsChanges.transform((changes) => ({ kind: 'changed-tags' as const, standard, changes }));
    case 'kubernetes':
    case 'helm':
      throw new TypeError(`no built-in upstream may have the kind ${standard.kind}: its fields cannot be changed`);
    default:
      return standard satisfies never;
  }
}

export type UpstreamEntry = z.infer<ReturnType<typeof changesOf>> | z.infer<typeof CustomEntry>;
export type UpstreamEntries = Readonly<Record<string, UpstreamEntry | undefined>>;
export type GitHubEntry = z.infer<typeof GitHubEntry>;
export type ComposeChanges = z.infer<typeof ComposeChanges>;
export type ReleaseChanges = z.infer<typeof ReleaseChanges>;
export type ReleaseFilesEntry = Omit<z.infer<typeof KubernetesEntry>, 'kind' | 'files'>;
export type TagsEntry = Omit<z.infer<typeof TagsEntry>, 'kind'>;
export type EveryEntry = Pick<ComposeChanges, 'platforms' | 'imagePlatforms' | 'targets' | 'schedule'>;
export type PatternsEntry = z.infer<typeof Patterns>;
