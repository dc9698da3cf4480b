import { workflowInfo } from '@temporalio/workflow';

import type { RequestSyncAllInput } from '../contract/sync-messages.js';
import { requests } from './activity-proxies.js';
import { readFields, readOptionalText } from './typed-input.js';

/** The schedule's action: a schedule can start workflows but not signal one, so this one signals `SyncAll`. */
export async function RequestSyncAll(input?: RequestSyncAllInput): Promise<void> {
  const expected = 'RequestSyncAll expects nothing, or {"reason": "schedule"}';
  const reason = readOptionalText(readFields(input, expected)['reason'], expected) ?? 'request';
  await requests.requestSync({ id: workflowInfo().runId, reason });
}
