import { defaultPayloadConverter } from '@temporalio/common';

import type { CopyHeartbeat, SyncImagesHeartbeat } from '../contract/activity-types.js';
import type { SyncProgress } from '../contract/sync-messages.js';
import { syncAllWorkflowId } from '../contract/workflow-names.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import type { TemporalClient } from './connect.js';

/** Bytes of all attempts, and the running attempt. */
export type ImageTransfer = Partial<Pick<CopyHeartbeat, 'bytesRead' | 'bytesSent' | 'transfer'>>;

/** Images with a workflow of their own that are asked about; the others of a large pool are left out. */
const workflowsAsked = 20;

/** The transfers in flight of a run by image, from the latest heartbeats; images that transfer nothing are left out. */
export async function imageTransfers(
  temporal: TemporalClient,
  { single }: Pick<SyncProgress, 'single'>,
): Promise<ReadonlyMap<string, ImageTransfer>> {
  const shared = heartbeats<SyncImagesHeartbeat>(temporal, syncAllWorkflowId, 'syncImages');
  const own = single.slice(0, workflowsAsked).map(async (image): Promise<readonly [string, ImageTransfer][]> => {
    const [copy] = await heartbeats<CopyHeartbeat>(temporal, syncImageWorkflowId(image), 'copyImage');
    return copy === undefined ? [] : [[image, copy]];
  });
  const small = (await shared).flatMap(({ transfers }) =>
    transfers.map((one): [string, ImageTransfer] => [one.image, one]),
  );
  return new Map([...(await Promise.all(own)).flat(), ...small]);
}

/** The details of the latest heartbeats of a workflow's running activities of a type. */
async function heartbeats<T>(
  { client, withDeadline }: TemporalClient,
  workflowId: string,
  type: string,
): Promise<readonly T[]> {
  try {
    const { raw } = await withDeadline(async () => await client.workflow.getHandle(workflowId).describe());
    const payloads = (raw.pendingActivities ?? [])
      .filter(({ activityType }) => activityType?.name === type)
      .flatMap(({ heartbeatDetails }) => heartbeatDetails?.payloads?.[0] ?? []);
    return payloads.map((payload) => defaultPayloadConverter.fromPayload<T>(payload));
  } catch {
    // Progress is only informative: it is left out if it is not available.
    return [];
  }
}
