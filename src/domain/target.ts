import type { ManifestPolicy } from '@image-ferry/registry/manifest';

/** How repository names on a target are derived from the source's (see `target-name.ts`). */
export const NamingScheme = {
  /** `<namespace>/<last path part>`: two levels, as in Alibaba Cloud ACR. */
  aliyun: 'aliyun',
  /** `<first path part>/<last path part>`, `library` if the source has none. */
  private: 'private',
  /** `<namespace>/<host>/<path>`, for registries with nested names. */
  nested: 'nested',
  /** `<namespace>/<whole path in one component>`, reversible. */
  flat: 'flat',
  /** `<namespace>/<last path part>-<hash>`, always. */
  hash: 'hash',
} as const;
export type NamingScheme = (typeof NamingScheme)[keyof typeof NamingScheme];

/** A registry that images are copied to. It contains no credentials: they are looked up by `registry` when needed. */
export interface Target {
  /** Its name: `aliyun`, `private`, or a name from `ferry.yaml`. */
  readonly name: string;
  /** Host with port, as in references: `registry.cn-hangzhou.aliyuncs.com`, `registry.example.com:5000`. */
  readonly registry: string;
  /** Prefix of every repository; '' for none. */
  readonly namespace: string;
  readonly naming: NamingScheme;
  readonly manifestPolicy: ManifestPolicy;
  /** Copy signatures, SBOMs and all other referrers of an image too; default: only the image. */
  readonly referrers?: boolean | undefined;
  /** Source repository (`host/path`) to target repository (path without host), set by a person; overrides `naming`. */
  readonly explicitNames: Readonly<Record<string, string>>;
  /** Absent: the ferry's own engine. */
  readonly engine?: 'docker' | undefined;
}

/** Whether all of these targets are copied to by a Docker daemon, so that the ferry itself must not contact the registries. */
export function areOnlyByDocker(targets: readonly Target[]): boolean {
  return targets.length > 0 && targets.every(({ engine }) => engine === 'docker');
}
