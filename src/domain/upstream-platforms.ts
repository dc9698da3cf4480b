import { parseImageReference, printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { fitsPattern } from './name-pattern.js';
import type { Upstream } from './upstream.js';

/**
 * platformsOfImage returns the platforms of one image of an upstream: those of the first matching pattern, else the
 * upstream's own.
 *
 * @param image canonical
 * @param standard default for upstreams without platforms
 */
export function platformsOfImage(
  { imagePlatforms = [], platforms }: Pick<Upstream, 'imagePlatforms' | 'platforms'>,
  image: string,
  standard: readonly string[],
): readonly string[] {
  const names = namesOfImage(parseImageReference(image));
  const own = imagePlatforms.find(({ pattern }) => names.some((name) => fitsPattern(name, pattern)));
  return own?.platforms ?? platforms ?? standard;
}

/** A pattern may match any usual spelling of the image: `nginx:*`, `xprobe/*`, `docker.io/library/nginx`. */
export function namesOfImage(reference: ImageReference): readonly string[] {
  const full = [printImageReference(reference), sourceRepository(reference)];
  return [...full, ...full.map((name) => name.replace(/^docker\.io\/(?:library\/)?/, ''))];
}
