import { log } from '@temporalio/activity';

import type { RequestActivities } from '../contract/activity-types.js';
import type { SyncRequest } from '../contract/sync-messages.js';
import type { DeliveryStore } from '../database/delivery-store.js';
import { readAddRequest } from '../domain/judge-requested-images.js';
import type { AddPorts } from '../domain/judge-requested-images.js';
import type { AddedImage } from '../domain/requested-images.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

/** Passes a request on to the one `SyncAll`, and starts it where it does not run. */
export interface SyncRequester {
  requestSync(request: SyncRequest): Promise<void>;
  /** The same at a later time (UTC ms), in place of an earlier such request. */
  requestSyncAt(request: { readonly at: number; readonly reason: string }): Promise<void>;
}

export interface RequestPorts extends Omit<AddPorts, 'wanted'> {
  readonly deliveries: Pick<DeliveryStore, 'record'>;
  readonly requester: SyncRequester;
}

export function createRequestActivities({ deliveries, requester, ...ports }: RequestPorts): RequestActivities {
  return {
    requestSync: activity(async (request) => await requester.requestSync(request)),
    requestSyncAt: activity(async (request) => await requester.requestSyncAt(request)),
    addImages: activity(
      async ({ delivery, owner, ...input }) =>
        await withHeartbeat(undefined, async () => {
          const requestedBy = { by: 'workflow', id: input.requestedBy ?? delivery } as const;
          const { imageRequests, answers } = await readAddRequest(input, ports, requestedBy);
          const results = await deliveries.record({ id: delivery, owner }, imageRequests);
          if (results === undefined) return { images: [], repeated: true };
          const images = answers(results);
          logRefused(delivery, images);
          return { images, repeated: false };
        }),
    ),
  };
}

/**
 * Logs the refused references of a delivery. Its sender got the response before the references were parsed, so without
 * the log only Temporal would show them. Called last: a failed attempt logs nothing that its retry would log again.
 */
function logRefused(delivery: string, images: readonly AddedImage[]): void {
  for (const { asked, outcome, reason } of images) {
    if (outcome === 'refused') log.warn('reference refused', { delivery, asked, reason });
  }
}
