import {
  parseImageReference,
  printImageReference,
  sourceRepository,
} from '../../packages/registry/src/oci/image-reference.js';
import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';
import { fitsPattern } from './name-pattern.js';
import type { Upstream } from './upstream.js';

/**
 * The platforms that an upstream wants of one image: those of the first pattern that fits it, else the upstream's own.
 *
 * @param image canonical
 * @param standard of upstreams that say nothing of platforms
 */
export function platformsOfImage(
  { imagePlatforms = [], platforms }: Pick<Upstream, 'imagePlatforms' | 'platforms'>,
  image: string,
  standard: readonly string[],
): readonly string[] {
  const names = namesOf(parseImageReference(image));
  const own = imagePlatforms.find(({ pattern }) => names.some((name) => fitsPattern(name, pattern)));
  return own?.platforms ?? platforms ?? standard;
}

/** People write a pattern as they know the image: `nginx:*`, `xprobe/*`, `docker.io/library/nginx`. */
function namesOf(reference: ImageReference): readonly string[] {
  const full = [printImageReference(reference), sourceRepository(reference)];
  return [...full, ...full.map((name) => name.replace(/^docker\.io\/(?:library\/)?/, ''))];
}
