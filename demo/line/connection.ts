import { connect } from 'node:net';
import type { Socket } from 'node:net';

import type { ConnectionLog } from './exchange-log.js';
import type { Faults } from './faults.js';
import { startFlow } from './flow.js';
import type { Flow } from './flow.js';
import type { ByDirection, Direction, LineConditions } from './line.js';
import type { RateLimit } from './rate-limit.js';

/** What a connection knows of its line. */
export interface ConnectionSurroundings {
  readonly to: { readonly host: string; readonly port: number };
  readonly conditions: () => LineConditions;
  readonly faults: () => Faults;
  readonly limits: ByDirection<RateLimit>;
  readonly isStalled: (direction: Direction) => boolean;
  readonly log: ConnectionLog;
  readonly onRead: (direction: Direction, bytes: number) => void;
  readonly onForwarded: (direction: Direction, bytes: number) => void;
  readonly onHeld: (bytes: number) => void;
  readonly onReset: () => void;
  readonly onClosed: () => void;
}

export interface Connection {
  /** Forwards what a stall has held, also that of a stall rule. */
  resume(): void;
  /** Resets both ends (RST). */
  reset(): void;
  destroy(): void;
}

/** The receiver's kernel takes what was written before a reset in this time; a reset at once would drop it on the way. */
const arrivalMs = 20;

/** Carries one connection of a client to the server. */
export function carry(client: Socket, surroundings: ConnectionSurroundings): Connection {
  const { to, conditions, log } = surroundings;
  const roundTripMs = (): number => conditions().roundTripMs ?? 0;
  const acceptedAt = performance.now();
  const server = connect({ ...to, allowHalfOpen: true, noDelay: true });

  let open = 2;
  let isReset = false;
  const reset = (): void => {
    if (isReset || open === 0) return;
    isReset = true;
    surroundings.onReset();
    for (const flow of Object.values(flows)) flow.drop();
    client.resetAndDestroy();
    server.resetAndDestroy();
  };
  const flowOf = (direction: Direction, opensAt: number): Flow => {
    const [from, into] = direction === 'up' ? [client, server] : [server, client];
    return startFlow(from, into, {
      roundTripMs,
      bytesPerSecond: () => conditions().bytesPerSecond ?? {},
      lineLimit: surroundings.limits[direction],
      opensAt,
      isStalled: () => surroundings.isStalled(direction),
      nextFault: (forwarded) => surroundings.faults().next(direction, forwarded),
      onFault: (kind) => surroundings.faults().happened(kind, direction),
      reset: () => setTimeout(reset, arrivalMs),
      onRead(chunk, at) {
        surroundings.onRead(direction, chunk.length);
        if (direction === 'up') log.sent(chunk, at);
      },
      onForwarded(bytes) {
        surroundings.faults().count(direction, bytes);
        surroundings.onForwarded(direction, bytes);
        if (direction === 'down') log.answered(bytes);
      },
      onHeld: surroundings.onHeld,
    });
  };
  // The kernel has accepted the client at once. On the line it would send its first byte one round trip later, and the
  // server its own half a round trip after that.
  const flows: ByDirection<Flow> = {
    up: flowOf('up', acceptedAt + roundTripMs()),
    down: flowOf('down', acceptedAt + roundTripMs() * 1.5),
  };

  server.once('connect', () => flows.up.pump());
  for (const [socket, own, other] of [
    [client, flows.up, flows.down],
    [server, flows.down, flows.up],
  ] as const) {
    // A broken connection is part of the simulation: 'close' follows, and says how it ended.
    socket.on('error', () => {});
    socket.once('close', () => {
      other.drop();
      if (!socket.readableEnded || !socket.writableFinished) own.lose();
      if ((open -= 1) === 0) surroundings.onClosed();
    });
  }
  return {
    resume() {
      for (const flow of Object.values(flows)) flow.resume();
    },
    reset,
    destroy() {
      for (const flow of Object.values(flows)) flow.drop();
      client.destroy();
      server.destroy();
    },
  };
}
