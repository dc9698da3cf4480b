import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { TemporalConnectionOptions } from '../client/connect.js';
import { assertServed } from '../client/connect.js';

const pauseMs = 100;

/**
 * Waits until a server that is being started takes calls. Its port is knocked at first: gRPC's own attempts wait longer
 * and longer, and cannot be given up.
 *
 * @param options.signal nobody waits any more: it comes back without an answer
 * @throws FerryError `temporal` when nobody answers in time
 */
export async function waitForTemporal(
  place: TemporalConnectionOptions,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!signal.aborted) {
    const isLate = performance.now() > deadline;
    if (isLate || (await isListening(place.address))) {
      try {
        return await assertServed(place);
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
