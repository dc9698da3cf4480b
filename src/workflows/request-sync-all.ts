import { workflowInfo } from '@temporalio/workflow';

import type { RequestSyncAllInput } from '../contract/sync.js';
import { requests } from './activity-proxies.js';

/** The schedule's action: a schedule can start workflows but not signal one, so this one signals `SyncAll`. */
export async function RequestSyncAll(input: RequestSyncAllInput = {}): Promise<void> {
  await requests.requestSync({ id: workflowInfo().runId, reason: input.reason ?? 'request' });
}
