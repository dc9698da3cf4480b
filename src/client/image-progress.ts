import { defaultPayloadConverter } from '@temporalio/common';

import type { CopyHeartbeat } from '../contract/activity-types.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import type { TemporalClient } from './connect.js';

/** Progress of an image's transfer, from its latest heartbeat; undefined while nothing is transferred. */
export async function imageProgress(
  { client, withDeadline }: TemporalClient,
  image: string,
): Promise<Pick<CopyHeartbeat, 'bytesRead' | 'bytesSent' | 'transfer'> | undefined> {
  try {
    const { raw } = await withDeadline(
      async () => await client.workflow.getHandle(syncImageWorkflowId(image)).describe(),
    );
    const copy = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'copyImage');
    const payload = copy?.heartbeatDetails?.payloads?.[0];
    if (payload === undefined) return undefined;
    const { bytesRead, bytesSent, transfer } = defaultPayloadConverter.fromPayload<CopyHeartbeat>(payload);
    return { bytesRead, bytesSent, transfer };
  } catch {
    // Progress is only informative: it is left out if it is not available.
    return undefined;
  }
}
