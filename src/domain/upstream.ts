import type { VersionOrder } from './version-order.js';

/** Patterns with `*`; an empty list matches nothing. */
export interface ServicePatterns {
  /** Match the image as written or in canonical form, with or without its tag. */
  readonly images: readonly string[];
  readonly services: readonly string[];
  readonly profiles: readonly string[];
}

/** When a schedule runs: an interval in milliseconds, or cron expressions in a time zone. */
export type UpstreamSchedule =
  { readonly everyMs: number } | { readonly cron: readonly string[]; readonly timezone?: string | undefined };

export interface ImagePlatforms {
  /** With `*`; matches the canonical image or its usual short form, with or without its tag. */
  readonly pattern: string;
  /** Canonical platforms, or `all` alone. */
  readonly platforms: readonly string[];
}

interface UpstreamBase {
  readonly name: string;
  /** Canonical platforms, or `all` alone; absent: `FERRY_PLATFORMS`. */
  readonly platforms?: readonly string[] | undefined;
  /** Platforms of single images: the first matching pattern applies, else `platforms`. */
  readonly imagePlatforms?: readonly ImagePlatforms[];
  /** Names of the targets that its images go to; absent: every configured one. */
  readonly targets?: readonly string[] | undefined;
  /** Absent: it is checked only on request. */
  readonly schedule?: UpstreamSchedule | undefined;
}

/** Scope `changed` wants what a release adds or changes; `release` wants every image of it. */
export const FetchScope = { changed: 'changed', release: 'release' } as const;
export type FetchScope = (typeof FetchScope)[keyof typeof FetchScope];

/** The compose file of a GitHub project's releases. */
export interface ComposeUpstream extends UpstreamBase {
  readonly kind: 'compose';
  /** `owner/name` */
  readonly repository: string;
  /** Path of the compose file in the repository. */
  readonly file: string;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
  readonly scope: FetchScope;
  /** Default: all services. */
  readonly include?: ServicePatterns | undefined;
  readonly exclude: ServicePatterns;
  /** Values of variables in the file. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Patterns with `*` that match the canonical image or its usual short form, with or without its tag. */
export interface ImagePatterns {
  /** Absent: every image. */
  readonly include?: readonly string[] | undefined;
  readonly exclude: readonly string[];
  /** Of images that only have the form of one, such as those in variables and arguments of an operator. */
  readonly likely: readonly string[];
}

/** Kubernetes manifests of a GitHub project's releases. */
export interface KubernetesUpstream extends UpstreamBase {
  readonly kind: 'kubernetes';
  /** `owner/name` */
  readonly repository: string;
  /** Paths in the repository. */
  readonly files: readonly string[];
  readonly order: VersionOrder;
  readonly prereleases: boolean;
  readonly scope: FetchScope;
  readonly images: ImagePatterns;
}

/** A Helm chart in the repository of a GitHub project. */
export interface HelmUpstream extends UpstreamBase {
  readonly kind: 'helm';
  /** `owner/name` */
  readonly repository: string;
  /** Path of the chart's folder in the repository; its dependencies are in it. */
  readonly chart: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly kubeVersion?: string | undefined;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
  readonly scope: FetchScope;
  readonly images: ImagePatterns;
}

/** An image whose tag is the tag of a GitHub project's newest release. */
export interface ReleaseUpstream extends UpstreamBase {
  readonly kind: 'release';
  /** `owner/name` */
  readonly repository: string;
  readonly order: VersionOrder;
  readonly prereleases: boolean;
  /** References with `{tag}`, the release's tag, or `{version}`, the tag without a leading `v`. */
  readonly images: readonly string[];
}

/** Tags of a registry's repository. */
export interface TagsUpstream extends UpstreamBase {
  readonly kind: 'tags';
  /** Canonical `host/path`. */
  readonly image: string;
  readonly rules: TagRules;
}

export interface TagRules {
  /** Regular expression that must match the whole tag. */
  readonly match?: string | undefined;
  /** Semver range; it excludes tags that are not versions. */
  readonly range?: string | undefined;
  /** Maximum number of tags, newest version first. */
  readonly newest: number;
  /** Patterns with `*` of tags that are never wanted. */
  readonly deny: readonly string[];
}

/** A source of new images: a GitHub project or a repository's tags. */
export type Upstream = ComposeUpstream | KubernetesUpstream | HelmUpstream | ReleaseUpstream | TagsUpstream;

const fetchPrefix = 'fetch-';

/** The name of an upstream's schedule, of its event type and of the workflow that checks it. */
export function fetchId(upstream: string): string {
  return `${fetchPrefix}${upstream}`;
}

/** The upstream of a name made by {@link fetchId}; undefined for any other name. */
export function upstreamOfFetchId(id: string): string | undefined {
  return id.startsWith(fetchPrefix) ? id.slice(fetchPrefix.length) : undefined;
}
