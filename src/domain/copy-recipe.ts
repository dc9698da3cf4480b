import type { Digest } from '@image-ferry/registry/digest';

import type { Target } from './target.js';
import type { PlatformCopy } from './wanted-image.js';

/**
 * copyRecipe returns all settings that, with the source's bytes, determine the content of a tag on a target: two copies of
 * one source digest with the same recipe have the same digest. Undefined if referrers are copied too: they change
 * independently of the image.
 */
export function copyRecipe(
  platforms: 'all' | readonly string[],
  { manifestPolicy, referrers = false }: Pick<Target, 'manifestPolicy' | 'referrers'>,
): string | undefined {
  if (referrers) return undefined;
  const selection = platforms === 'all' ? platforms : platforms.toSorted().join(',');
  return `${selection} ${manifestPolicy}`;
}

/** A copy that was verified on a target. It is valid as long as the target's tag and the source point to these digests. */
export interface KnownCopy {
  readonly recipe: string;
  readonly sourceDigest: Digest;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platforms: readonly (PlatformCopy & { readonly digest: Digest })[];
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  readonly dropped: readonly { readonly digest: Digest; readonly reason: string }[];
  /** A note for the user. */
  readonly note?: string | undefined;
}
