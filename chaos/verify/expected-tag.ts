import { isDeepStrictEqual } from 'node:util';

import type { MadeManifest } from '../../demo/make-images.js';

/** What a tag on a target must be, for the platforms that its rows want. */
export interface ExpectedTag {
  /** Manifests of images below the tag, or the image itself. */
  readonly images: readonly MadeManifest[];
  /** @returns undefined if it is right */
  faultOf(bytes: Buffer): string | undefined;
}

/**
 * One platform: the manifest of its image. Several: an index of exactly these, in the source's order. All: the index of
 * the source, byte for byte.
 */
export function expectedTag(made: MadeManifest, platforms: ReadonlySet<string>): ExpectedTag {
  if (made.children.length === 0) return sameBytes(made, [made]);
  const images = platforms.has('all') ? made.children : made.children.filter(({ platform }) => platforms.has(platform));
  const [only] = images;
  if (platforms.has('all') || images.length === made.children.length) {
    // All platforms one by one may keep the source's bytes, but need not.
    return platforms.has('all') ? sameBytes(made, images) : sameIndex(made, images);
  }
  return images.length === 1 && only !== undefined ? sameBytes(only, images) : sameIndex(made, images);
}

function sameBytes(made: MadeManifest, images: readonly MadeManifest[]): ExpectedTag {
  return { images, faultOf: (bytes) => (bytes.equals(made.bytes) ? undefined : "its bytes are not the source's") };
}

function sameIndex(made: MadeManifest, images: readonly MadeManifest[]): ExpectedTag {
  const source = JSON.parse(made.bytes.toString()) as { manifests: { digest: string }[] };
  const kept = new Set<string>(images.map(({ digest }) => digest));
  const expected = { ...source, manifests: source.manifests.filter(({ digest }) => kept.has(digest)) };
  return {
    images,
    faultOf: (bytes) =>
      isDeepStrictEqual(JSON.parse(bytes.toString()), expected)
        ? undefined
        : "it is not the source's index of the wanted platforms",
  };
}
