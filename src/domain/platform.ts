/** A platform in canonical form: `arm64` without its default variant `v8`, `arm` with its variant (default `v7`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

/** `all`: the source's index byte for byte. */
export type PlatformSelection = 'all' | readonly Platform[];
