import type { Digest } from '../../packages/registry/src/oci/digest.js';
import type { Target } from './target.js';
import type { PlatformCopy } from './wanted-image.js';

/**
 * What decides, beside the source's bytes, what a tag on a target becomes: two copies of one source digest by one recipe
 * have one digest. Undefined where more than that decides: referrers come and go without the image.
 */
export function copyRecipe(
  platforms: 'all' | readonly string[],
  { manifestPolicy, referrers = false }: Pick<Target, 'manifestPolicy' | 'referrers'>,
): string | undefined {
  if (referrers) return undefined;
  const selection = platforms === 'all' ? platforms : platforms.toSorted().join(',');
  return `${selection} ${manifestPolicy}`;
}

/** A copy that was verified on a target once, as long as its tag leads to this digest and the source to that one. */
export interface KnownCopy {
  readonly recipe: string;
  readonly sourceDigest: Digest;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platforms: readonly (PlatformCopy & { readonly digest: Digest })[];
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  readonly dropped: readonly { readonly digest: Digest; readonly reason: string }[];
  /** What a person should know about it. */
  readonly note?: string;
}
