import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { watchBusyness } from './busyness.js';
import { carry } from './connection.js';
import type { Connection } from './connection.js';
import { exchangeLog } from './exchange-log.js';
import { faultsOf } from './faults.js';
import type { Direction, Line, LineConditions, LineOptions } from './line.js';
import { rateLimit } from './rate-limit.js';

/**
 * Starts a line to a server, in this process. It listens on 127.0.0.1 on a free port.
 *
 * The kernel accepts a client before the line knows of it, so `connect` of a client returns at once. The line holds what
 * the client sends back for the round trip that opening a connection costs: a client that opens a connection and sends
 * waits as long as on a real line, and one that opens it early has gained the same. Only what a client does between
 * `connect` and its first byte comes too early. A line does not simulate TCP's slow start and lost packets.
 *
 * Beyond what the line holds (`mostInTransit`), the kernels hold bytes that a client believes to be sent: on Linux's
 * loopback up to 4 MB in the client's send buffer (`tcp_wmem`), which only the client can limit, and about 0.5 MB in the
 * receive buffer of the line. What the line has forwarded is with the receiver.
 */
export async function startLine({ to, ...initial }: LineOptions): Promise<Line> {
  const server = { host: to.host ?? '127.0.0.1', port: to.port };
  const log = exchangeLog();
  const limits = { up: rateLimit(), down: rateLimit() };
  const connections = new Set<Connection>();
  const stalls: Record<Direction, NodeJS.Timeout | true | undefined> = { up: undefined, down: undefined };
  const busyness = watchBusyness();
  let conditions: LineConditions = initial;
  let faults = faultsOf(conditions);
  let counts = noCounts();

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client): void => {
    counts.connections += 1;
    const connection = carry(client, {
      to: server,
      conditions: () => conditions,
      faults: () => faults,
      limits,
      isStalled: (direction) => stalls[direction] !== undefined,
      log: log.open(performance.now()),
      onRead: (direction, bytes) => {
        counts.read[direction] += bytes;
      },
      onForwarded: (direction, bytes) => {
        counts.forwarded[direction] += bytes;
      },
      onHeld: (bytes) => {
        counts.mostInTransit = Math.max(counts.mostInTransit, bytes);
      },
      onReset: () => {
        counts.resets += 1;
      },
      onClosed: () => connections.delete(connection),
    });
    connections.add(connection);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const endStall = (direction: Direction): void => {
    const stall = stalls[direction];
    if (typeof stall === 'object') clearTimeout(stall);
    stalls[direction] = undefined;
  };
  const resume = (...directions: readonly Direction[]): void => {
    for (const direction of directions) endStall(direction);
    for (const connection of connections) connection.resume();
  };
  return {
    host: `127.0.0.1:${port}`,
    port,
    stats: async () => ({
      ...structuredClone(counts),
      open: connections.size,
      busiest: busyness.busiest(),
    }),
    exchanges: async () => log.all(),
    async stall({ direction, forMs } = {}) {
      for (const one of direction === undefined ? (['up', 'down'] as const) : [direction]) {
        endStall(one);
        stalls[one] = forMs === undefined ? true : setTimeout(() => resume(one), forMs);
      }
    },
    resume: async () => resume('up', 'down'),
    async resetAll() {
      const all = [...connections];
      for (const connection of all) connection.reset();
      return all.length;
    },
    async change(changes) {
      conditions = { ...conditions, ...changes };
      if ('reset' in changes || 'stall' in changes) faults = faultsOf(conditions);
    },
    async clear() {
      counts = noCounts();
      busyness.clear();
      log.clear();
    },
    async close() {
      busyness.stop();
      for (const direction of ['up', 'down'] as const) endStall(direction);
      listener.close();
      for (const connection of connections) connection.destroy();
      await once(listener, 'close');
    },
  };
}

function noCounts() {
  return { forwarded: { up: 0, down: 0 }, read: { up: 0, down: 0 }, connections: 0, resets: 0, mostInTransit: 0 };
}
