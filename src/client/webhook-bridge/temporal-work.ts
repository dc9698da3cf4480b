import { addImagesResult, startAddImages } from '../add-images.js';
import type { TemporalClient } from '../connect.js';
import { startFetch } from '../fetch-upstream.js';
import { isOfTemporal, reaching } from '../reaching-temporal.js';
import { requestSync } from '../sync-requests.js';
import type { BridgeWork } from './bridge-work.js';

/** A sender waits so long for what became of its images. */
const answerWithinMs = 20_000;

/** The bridge's work, done by Temporal. */
export function temporalWork(temporal: TemporalClient): BridgeWork {
  const { client, soon } = temporal;
  return {
    requestSync: async (request) => void (await reaching(async () => await requestSync(temporal, request))),
    addImages: async (delivery, input) => await reaching(async () => await startAddImages(temporal, delivery, input)),
    addImagesResult: async (delivery) =>
      await inTime(
        async (deadline) =>
          await client.connection.withDeadline(deadline, async () => await addImagesResult(temporal, delivery)),
      ),
    // A look that is on its way is joined: a repeated delivery is harmless whatever its ID.
    fetchUpstream: async (_delivery, { upstream, ...asked }) =>
      void (await reaching(async () => await startFetch(temporal, upstream, asked))),
    assertReachable: async () =>
      await reaching(async () => {
        const { namespace } = client.options;
        await soon(async () => await client.workflowService.describeNamespace({ namespace }));
      }),
  };
}

/** The answer, or undefined when it does not come in time, although Temporal has the request. */
async function inTime<T>(ask: (deadline: number) => Promise<T>): Promise<T | undefined> {
  const deadline = Date.now() + answerWithinMs;
  try {
    return await ask(deadline);
  } catch (error) {
    if (isOfTemporal(error)) return undefined;
    throw error;
  }
}
