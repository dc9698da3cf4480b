import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { assertServed } from '../client/connect.js';
import type { TemporalConnectionOptions } from '../client/connect.js';

const pauseMs = 100;

/**
 * Waits until a starting server accepts calls. Its port is tried first: gRPC's own attempts back off and cannot be
 * cancelled.
 *
 * @param options.signal stops the waiting; returns without a result
 * @throws FerryError `temporal` if it does not answer in time
 */
export async function waitForTemporal(
  options: TemporalConnectionOptions,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!signal.aborted) {
    const isLate = performance.now() > deadline;
    if (isLate || (await isListening(options.address))) {
      try {
        return await assertServed(options);
      } catch (error) {
        if (isLate) throw error;
      }
    }
    await sleep(pauseMs);
  }
}

async function isListening(address: string): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
