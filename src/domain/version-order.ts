/** How a project numbers its releases. */
export const VersionOrder = {
  /** `1.10.1`, `v1.10.1`, and `1.10.1-fix.1` as a later release of `1.10.1`; nothing else is a release. */
  numeric: 'numeric',
  /** Semantic versions. */
  semver: 'semver',
  /** Python's: `1.11.0.post1` comes after `1.11.0`, `3.1.0.rc1` before `3.1.0`. */
  pep440: 'pep440',
} as const;
export type VersionOrder = (typeof VersionOrder)[keyof typeof VersionOrder];
