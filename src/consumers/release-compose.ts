import { parseImageReference } from '@image-ferry/registry/reference';

import type { StoredRelease } from '../domain/release-file.js';
import { composeOverride, composeRewrite } from './compose-files.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex } from './mirror-index.js';

/**
 * The compose file of an upstream's release with mirrored names. An upstream without one gets a file with its images
 * alone, to merge with a file of one's own.
 */
export function releaseCompose(
  upstream: string,
  { release, compose, images }: StoredRelease,
  index: MirrorIndex,
): ConsumerOutput {
  const services = images.map(({ service, image }) => ({ service, reference: parseImageReference(image) }));
  if (compose !== undefined)
    return composeRewrite(compose.text, services, index, `${compose.path} of ${upstream} ${release}`);
  return composeOverride(services, index, {
    where: `${upstream} ${release}`,
    comment: `Images of ${upstream} ${release}`,
  });
}
