import { workflowInfo } from '@temporalio/workflow';

import type { AddImageInput, AddImageResult } from '../contract/sync-messages.js';
import { addImageIdPrefix } from '../contract/workflow-names.js';
import { requestFault } from '../domain/request-limits.js';
import { printRunCause } from '../domain/run-cause.js';
import { manyRows, requests } from './activity-proxies.js';
import { refuseUnknownFields, refused } from './typed-input.js';

const expected =
  'AddImage expects {"images": ["nginx:1.27"], "platforms": ["linux/amd64"]}: a list of at least one reference';

/**
 * AddImage records wanted images and requests a sync: one workflow run per delivery. The rows are committed before the
 * request, so that the sync run finds them.
 */
export async function AddImage(input: AddImageInput): Promise<AddImageResult> {
  assertInput(input);
  const { workflowId, runId, firstExecutionRunId } = workflowInfo();
  const delivery = workflowId.startsWith(addImageIdPrefix) ? workflowId.slice(addImageIdPrefix.length) : workflowId;

  // A workflow run that was reset keeps the delivery of its original run.
  const { images, repeated } = await manyRows.addImages({ ...input, delivery, owner: firstExecutionRunId });

  // The first run of a repeated delivery may have ended before its request. A second request is harmless.
  const syncRequested = input.sync !== false && (repeated || images.some(({ outcome }) => outcome !== 'refused'));
  if (syncRequested) await requests.requestSync({ id: runId, reason: printRunCause('added', { delivery }) });
  return { images, repeated, syncRequested };
}

/** People type this input by hand. An invalid one must fail the workflow with a reason, not retry forever. */
function assertInput(input: unknown): asserts input is AddImageInput {
  const given = typeof input === 'object' && input !== null ? input : {};
  const images: unknown = 'images' in given ? given.images : undefined;
  const platforms: unknown = 'platforms' in given ? given.platforms : undefined;
  const targets: unknown = 'targets' in given ? given.targets : undefined;
  const areImages = Array.isArray(images) && images.length > 0 && images.every(isRequested);
  if (!areImages || !isListOfTexts(platforms) || !isListOfTexts(targets)) throw refused(expected);
  refuseUnknownFields(input, ['images', 'platforms', 'targets', 'requestedBy', 'sync'], expected);
  for (const image of images) refuseUnknownFields(image, ['image', 'platforms', 'refused'], expected);
  const fault = requestFault(input as AddImageInput);
  if (fault !== undefined) throw refused(`AddImage refuses this input: ${fault}`);
}

function isRequested(requested: unknown): boolean {
  if (typeof requested === 'string') return true;
  if (typeof requested !== 'object' || requested === null || !('image' in requested)) return false;
  if (typeof requested.image !== 'string') return false;
  if ('refused' in requested && typeof requested.refused !== 'string') return false;
  return isListOfTexts('platforms' in requested ? requested.platforms : undefined);
}

function isListOfTexts(list: unknown): boolean {
  if (list === undefined) return true;
  return Array.isArray(list) && list.every((text) => typeof text === 'string');
}
