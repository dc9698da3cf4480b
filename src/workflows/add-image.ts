import { workflowInfo } from '@temporalio/workflow';

import type { AddImageInput, AddImageResult } from '../contract/sync.js';
import { ADD_IMAGE_ID_PREFIX } from '../contract/workflow-names.js';
import { MAX_IMAGES_IN_A_REQUEST } from '../domain/requested-images.js';
import { requests } from './activity-proxies.js';
import { refused } from './typed-input.js';

/**
 * Records wanted images and asks for a sync: one run per delivery. The rows are committed before the sync is asked
 * for, so that the pass that answers finds them.
 */
export async function AddImage(input: AddImageInput): Promise<AddImageResult> {
  assertInput(input);
  const { workflowId, runId } = workflowInfo();
  const delivery = workflowId.startsWith(ADD_IMAGE_ID_PREFIX)
    ? workflowId.slice(ADD_IMAGE_ID_PREFIX.length)
    : workflowId;

  const { images, repeated } = await requests.addImages({ ...input, delivery, owner: runId });

  const syncRequested = input.sync !== false && images.some(({ outcome }) => outcome !== 'refused');
  if (syncRequested) await requests.requestSync({ id: runId, reason: `add-image ${delivery}` });
  return { images, repeated, syncRequested };
}

/** People type this input by hand; a wrong one must end the run with a reason, not retry for ever. */
function assertInput(input: unknown): asserts input is AddImageInput {
  const given = typeof input === 'object' && input !== null ? input : {};
  const images: unknown = 'images' in given ? given.images : undefined;
  const platforms: unknown = 'platforms' in given ? given.platforms : undefined;
  if (!Array.isArray(images) || images.length === 0 || !images.every(isRequested) || !isPlatforms(platforms)) {
    throw refused(
      'AddImage wants {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}: a list of at least one reference',
    );
  }
  if (images.length > MAX_IMAGES_IN_A_REQUEST) {
    throw refused(`AddImage takes at most ${MAX_IMAGES_IN_A_REQUEST} images at once, not ${images.length}`);
  }
}

function isRequested(requested: unknown): boolean {
  if (typeof requested === 'string') return true;
  if (typeof requested !== 'object' || requested === null || !('image' in requested)) return false;
  return typeof requested.image === 'string' && isPlatforms('platforms' in requested ? requested.platforms : undefined);
}

function isPlatforms(platforms: unknown): boolean {
  if (platforms === undefined) return true;
  return Array.isArray(platforms) && platforms.every((platform) => typeof platform === 'string');
}
