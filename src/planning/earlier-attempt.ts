/** What an attempt of an activity recorded before its process died, so that it could not report it. */
import type { SyncImageResult } from '../contract/sync-messages.js';
import type { SettledOutcome } from '../database/run-store.js';

/** The result of an image in its run, from what is recorded. What was sent is not known any more. */
export function resultRecorded(image: string, { state, replaced, faults }: SettledOutcome): SyncImageResult {
  const nothingSent = { platforms: [], dropped: [], uploadedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0, bytesSent: 0 };
  return {
    image,
    state,
    targets: replaced.map((copy) => ({ ...copy, ...nothingSent, state: 'pushed', mediaType: '' }) as const),
    notDone: faults.map((fault) => ({ image, state: 'blocked', ...fault }) as const),
    bytesRead: 0,
  };
}
