import type { SyncRequester } from '../activities/request-activities.js';
import type { TemporalClient } from '../client/connect.js';
import { withTemporalErrors } from '../client/retryable-temporal-errors.js';
import { requestSync, requestSyncAt } from '../client/sync-requests.js';

/** Sync requests of activities: an unreachable Temporal is a retryable error. */
export function syncRequester(temporal: TemporalClient): SyncRequester {
  return {
    requestSync: async (request) => void (await withTemporalErrors(async () => await requestSync(temporal, request))),
    requestSyncAt: async (request) => await withTemporalErrors(async () => await requestSyncAt(temporal, request)),
  };
}
