import type { RequestDetails } from './types.js';

/** A worker that does not answer within this time is reported elsewhere. */
const recordedWithinMs = 60_000;

/** Whether the outcome of the images of a request is still to come. @param now UTC milliseconds */
export function isBeingRecorded({ at, outcome, delivery, images }: RequestDetails, now: number): boolean {
  return images === undefined && delivery !== undefined && outcome === 'accepted' && now - at < recordedWithinMs;
}
