import * as z from 'zod';

import { VersionOrder } from '../domain/release-version.js';
import { FetchScope } from '../domain/upstream.js';

/** What `ferry.yaml` may say of upstreams. */

const Repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'must be owner/name of a repository on GitHub');
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
  /** By patterns of images. */
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
  repository: Repository,
  file: z.string().min(1).optional(),
  ...compose,
});
const ReleaseEntry = z.strictObject({
  kind: z.literal('release'),
  repository: Repository,
  /** References with `{tag}` or `{version}`. */
  images: Texts.min(1),
  ...everyUpstream,
  ...releases,
});
const TagsEntry = z.strictObject({
  kind: z.literal('tags'),
  image: z.string().min(1),
  match: z.string().min(1).optional(),
  range: z.string().min(1).optional(),
  newest: z.number().int().min(1).max(500).optional(),
  deny: Texts.optional(),
  ...everyUpstream,
});
const DifyEntry = z.strictObject({
  repository: Repository.optional(),
  file: z.string().min(1).optional(),
  ...compose,
});
const XinferenceEntry = z.strictObject({
  repository: Repository.optional(),
  image: z.string().min(1).optional(),
  /** What follows the tag: `''` for the image itself, `-cpu` for its variant. */
  suffixes: z
    .array(z.string().regex(/^[\w.-]*$/, 'must be what may stand in a tag'))
    .min(1)
    .optional(),
  ...everyUpstream,
  ...releases,
});

export const UpstreamEntries = z
  .object({ dify: DifyEntry.optional(), xinference: XinferenceEntry.optional() })
  .catchall(z.discriminatedUnion('kind', [ComposeEntry, ReleaseEntry, TagsEntry]));
export const GitHubEntry = z.strictObject({
  apiUrl: z.url({ protocol: /^https?$/, error: 'must be an address with http:// or https://' }).optional(),
});

export type UpstreamEntries = z.infer<typeof UpstreamEntries>;
export type GitHubEntry = z.infer<typeof GitHubEntry>;
export type DifyEntry = z.infer<typeof DifyEntry>;
export type XinferenceEntry = z.infer<typeof XinferenceEntry>;
export type CustomEntry = z.infer<typeof ComposeEntry> | z.infer<typeof ReleaseEntry> | z.infer<typeof TagsEntry>;
export type EveryEntry = Pick<DifyEntry, 'platforms' | 'imagePlatforms' | 'targets' | 'schedule'>;
export type PatternsEntry = z.infer<typeof Patterns>;
