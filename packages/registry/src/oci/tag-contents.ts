/** What a tag on a target holds, as far as it decides whether an image is there. */
import type { Digest } from './digest.js';
import { platformMatches, printPlatform } from './platform.js';
import type { Platform, PlatformSelection } from './platform.js';

export interface TagContents {
  /** What the tag points to. */
  readonly digest: Digest;
  readonly isIndex: boolean;
  /** The images that it leads to; attestations and other artifacts are left out. */
  readonly images: readonly TaggedImage[];
}

export interface TaggedImage {
  readonly digest: Digest;
  /** Absent where neither the index nor the config names one. */
  readonly platform?: Platform;
}

/**
 * - `all`: every wanted platform is there, whatever is there beside them;
 * - `some`: wanted platforms are missing, and nothing is there that is not wanted;
 * - `other`: wanted platforms are missing, and others are there that a copy of the wanted ones would take away.
 */
export type Coverage = 'all' | 'some' | 'other';

export function coverageOf({ images, isIndex }: TagContents, wanted: PlatformSelection): Coverage {
  // Of "all" only the source knows what belongs to it: an index is taken for it, a single image may be all there is of it.
  if (wanted === 'all') return isIndex ? 'all' : 'some';
  // A single image that names no platform leaves nothing to choose.
  const [only] = images;
  if (images.length === 1 && only?.platform === undefined) return wanted.length === 1 ? 'all' : 'some';
  if (wanted.every((platform) => images.some((image) => isOf(image, platform)))) return 'all';
  return images.every((image) => wanted.some((platform) => isOf(image, platform))) ? 'some' : 'other';
}

/** Of its images those that are not wanted. */
export function platformsBeside({ images }: TagContents, wanted: PlatformSelection): readonly Platform[] {
  if (wanted === 'all') return [];
  return images.flatMap((image) =>
    image.platform === undefined || wanted.some((platform) => isOf(image, platform)) ? [] : [image.platform],
  );
}

/** Canonical, each once, for people. */
export function platformsIn({ images }: TagContents): string {
  const names = images.map(({ platform }) => (platform === undefined ? 'no platform' : printPlatform(platform)));
  return [...new Set(names)].join(', ');
}

function isOf({ platform }: TaggedImage, wanted: Platform): boolean {
  return platform !== undefined && platformMatches(wanted, platform);
}
