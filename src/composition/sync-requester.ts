import type { SyncRequester } from '../activities/request-activities.js';
import type { TemporalClient } from '../client/connect.js';
import { withTemporalErrors } from '../client/retryable-temporal-errors.js';
import { requestSync, requestSyncAt } from '../client/sync-requests.js';

/** Requests for a sync as activities make them: a Temporal that is away is no bug, and the request is made again. */
export function syncRequester(temporal: TemporalClient): SyncRequester {
  return {
    requestSync: async (request) => void (await withTemporalErrors(async () => await requestSync(temporal, request))),
    requestSyncAt: async (request) => await withTemporalErrors(async () => await requestSyncAt(temporal, request)),
  };
}
