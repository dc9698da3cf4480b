import { randomUUID } from 'node:crypto';

import type { TemporalClient } from '../client/connect.js';
import { requestSync, syncResult } from '../client/sync-requests.js';
import type { SyncAllResult } from '../contract/sync-messages.js';
import { printJson } from './output.js';
import { watchSync } from './sync-progress.js';
import { exitStatusOfSync, printSyncSummary } from './sync-summary.js';

/** Requests a sync run. The ID is created by this command, so that a call that is sent twice counts once. */
export async function requestAndReportSync(temporal: TemporalClient, reason: string): Promise<string> {
  const { runId } = await requestSync(temporal, { id: randomUUID(), reason });
  return runId;
}

/** Waits for the run that a request started or joined, shows progress and prints the result. */
export async function waitForSync(
  temporal: TemporalClient,
  runId: string,
  { json, signal }: { readonly json: boolean; readonly signal?: AbortSignal },
): Promise<number> {
  const result: SyncAllResult = await watchSync(temporal, syncResult(temporal, runId, signal), signal);
  if (json) printJson(result);
  else printSyncSummary(result);
  return exitStatusOfSync(result);
}
