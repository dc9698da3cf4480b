import { defaultPayloadConverter } from '@temporalio/common';

import type { CopyHeartbeat } from '../contract/activity-types.js';
import { syncImageWorkflowId } from '../domain/image-key.js';
import type { TemporalClient } from './connect.js';

/** How far the transfer of an image is, from its latest heartbeat; undefined while it transfers nothing. */
export async function imageProgress(
  { client, withDeadline }: TemporalClient,
  image: string,
): Promise<Pick<CopyHeartbeat, 'bytesRead' | 'bytesSent'> | undefined> {
  try {
    const { raw } = await withDeadline(
      async () => await client.workflow.getHandle(syncImageWorkflowId(image)).describe(),
    );
    const copy = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'copyImage');
    const payload = copy?.heartbeatDetails?.payloads?.[0];
    if (payload === undefined) return undefined;
    const { bytesRead, bytesSent } = defaultPayloadConverter.fromPayload<CopyHeartbeat>(payload);
    return { bytesRead, bytesSent };
  } catch {
    // Progress is a comfort: what cannot be had is left out.
    return undefined;
  }
}
