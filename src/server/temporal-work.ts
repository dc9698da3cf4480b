import { addImagesResult, startAddImages } from '../client/add-images.js';
import { assertNamespace } from '../client/connect.js';
import type { TemporalClient } from '../client/connect.js';
import { isOfTemporal, withTemporalErrors } from '../client/retryable-temporal-errors.js';
import { runningFetches } from '../client/running-fetches.js';
import { startFetch } from '../client/start-fetch.js';
import { requestSync } from '../client/sync-requests.js';
import { unservedQueues } from '../client/worker-availability.js';
import type { TaskQueue } from '../contract/task-queues.js';
import type { ServerWork } from './server-work.js';

/** Maximum time that a sender waits for the outcome of its images. */
const answerWithinMs = 20_000;

/** Implements the server's work with Temporal. */
export function temporalWork(temporal: TemporalClient, queues: readonly TaskQueue[]): ServerWork {
  const { client } = temporal;
  return {
    requestSync: async (request) => void (await withTemporalErrors(async () => await requestSync(temporal, request))),
    addImages: async (delivery, input) =>
      await withTemporalErrors(async () => await startAddImages(temporal, delivery, input)),
    addImagesResult: async (delivery) =>
      await inTime(
        async (deadline) =>
          await client.connection.withDeadline(deadline, async () => await addImagesResult(temporal, delivery)),
      ),
    // A running check is joined: a repeated delivery is safe with any ID.
    fetchUpstream: async (_delivery, { upstream, ...asked }) =>
      void (await withTemporalErrors(async () => await startFetch(temporal, upstream, asked))),
    running: async (isPending) =>
      await withTemporalErrors(async () => {
        const fetches = await runningFetches(temporal);
        if (!isPending && fetches.length === 0) return { fetches };
        return { fetches, unserved: await unservedQueues(temporal, queues) };
      }),
    assertReachable: async () => await withTemporalErrors(async () => await assertNamespace(temporal)),
  };
}

/** Returns undefined if there is no answer in time, although Temporal has accepted the request. */
export async function inTime<T>(ask: (deadline: number) => Promise<T>): Promise<T | undefined> {
  const deadline = Date.now() + answerWithinMs;
  try {
    return await ask(deadline);
  } catch (error) {
    if (isOfTemporal(error)) return undefined;
    throw error;
  }
}
