import { headSource } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';

import { FerryError } from '../domain/ferry-error.js';
import { inParallel } from '../domain/in-parallel.js';
import { openClient } from './copy-client.js';
import type { Confirmation } from './find-report.js';

const atOnce = 8;
const timeoutMs = 20_000;

/** Asks the source of each image by one HEAD request, which registries do not count as a pull. */
export async function confirmImages(
  images: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Confirmation>> {
  const confirmations = new Map<string, Confirmation>();
  if (images.length === 0) return confirmations;
  const client = await openClient([]);
  try {
    await inParallel(images, atOnce, async (image) => {
      const own = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        await headSource(client, parseImageReference(image), { signal: own });
        confirmations.set(image, { exists: true });
      } catch (error) {
        signal.throwIfAborted();
        confirmations.set(image, confirmationOf(error, own));
      }
    });
  } finally {
    client.close();
  }
  return confirmations;
}

function confirmationOf(error: unknown, signal: AbortSignal): Confirmation {
  if (signal.aborted) return { unknown: `no answer within ${timeoutMs / 1_000} s` };
  if (!(error instanceof FerryError)) throw error;
  const isMissing = error.code === 'tag-missing' || error.code === 'repository-missing';
  return isMissing ? { exists: false, reason: error.message } : { unknown: error.message };
}
