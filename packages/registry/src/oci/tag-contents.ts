/** The content of a tag on a target, as far as needed to decide whether an image is there. */
import type { Digest } from './digest.js';
import { platformMatches, printPlatform } from './platform.js';
import type { Platform, PlatformSelection } from './platform.js';

/** The images behind a tag. */
export interface TagContents {
  /** What the tag points to. */
  readonly digest: Digest;
  readonly isIndex: boolean;
  /** The images of the tag, without attestations and other artifacts. */
  readonly images: readonly TaggedImage[];
}

/** One image behind a tag. The digest is that of its own manifest. */
export interface TaggedImage {
  readonly digest: Digest;
  /** Absent if neither the index nor the config declares one. */
  readonly platform?: Platform | undefined;
}

/**
 * - `all`: every wanted platform is there, and maybe others;
 * - `some`: wanted platforms are missing, and no others are there;
 * - `other`: wanted platforms are missing, and others are there, which a copy of the wanted ones would remove.
 */
export type Coverage = 'all' | 'some' | 'other';

/** coverageOf compares the platforms behind a tag with the wanted ones. */
export function coverageOf({ images, isIndex }: TagContents, wanted: PlatformSelection): Coverage {
  // Only the source knows what "all" contains: an index counts as all, a single image may be incomplete.
  if (wanted === 'all') return isIndex ? 'all' : 'some';
  // A single image without a platform is the only choice.
  const [only] = images;
  if (images.length === 1 && only?.platform === undefined) return wanted.length === 1 ? 'all' : 'some';
  if (wanted.every((platform) => images.some((image) => isOf(image, platform)))) return 'all';
  return images.every((image) => wanted.some((platform) => isOf(image, platform))) ? 'some' : 'other';
}

/** Platforms of the tag that are not wanted. */
export function platformsBeside({ images }: TagContents, wanted: PlatformSelection): readonly Platform[] {
  if (wanted === 'all') return [];
  return images.flatMap((image) =>
    image.platform === undefined || wanted.some((platform) => isOf(image, platform)) ? [] : [image.platform],
  );
}

/** Canonical, without duplicates, for messages. */
export function platformsIn({ images }: TagContents): string {
  const names = images.map(({ platform }) => (platform === undefined ? 'no platform' : printPlatform(platform)));
  return [...new Set(names)].join(', ');
}

function isOf({ platform }: TaggedImage, wanted: Platform): boolean {
  return platform !== undefined && platformMatches(wanted, platform);
}
