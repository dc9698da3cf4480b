import type { ManifestPolicy } from '../../packages/registry/src/oci/manifest-policy.js';

/** How a target's repository names are made from the source's (see `target-name.ts`). */
export const NamingScheme = {
  /** `<namespace>/<last path part>`: two levels, as Alibaba Cloud ACR has them. */
  aliyun: 'aliyun',
  /** `<first path part>/<last path part>`, `library` where the source has none. */
  private: 'private',
  /** `<namespace>/<host>/<path>`, for registries with nested names. */
  nested: 'nested',
  /** `<namespace>/<whole path in one component>`, reversible. */
  flat: 'flat',
  /** `<namespace>/<last path part>-<hash>`, always. */
  hash: 'hash',
} as const;
export type NamingScheme = (typeof NamingScheme)[keyof typeof NamingScheme];

/** A registry that images go to. Holds no credentials: those are looked up by `registry` where they are needed. */
export interface Target {
  /** What people call it: `aliyun`, `private`, or a name from `ferry.yaml`. */
  readonly name: string;
  /** Host with port, as in references: `registry.cn-hangzhou.aliyuncs.com`, `registry.example.com:5000`. */
  readonly registry: string;
  /** Prefix of every repository; '' for none. */
  readonly namespace: string;
  readonly naming: NamingScheme;
  readonly manifestPolicy: ManifestPolicy;
  /** Signatures, SBOMs and whatever else refers to an image go with it; default: the image alone. */
  readonly referrers?: boolean;
  /** Source repository (`host/path`) to target repository (path without host), chosen by hand; wins over `naming`. */
  readonly explicitNames: Readonly<Record<string, string>>;
  /** Absent: the ferry's own engine. */
  readonly engine?: 'docker';
}

/** Whether nobody but a Docker daemon may speak to the registries of an image that goes to these. */
export function areOnlyByDocker(targets: readonly Target[]): boolean {
  return targets.length > 0 && targets.every(({ engine }) => engine === 'docker');
}
