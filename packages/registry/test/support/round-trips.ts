import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

import { onTestFinished } from 'vitest';

/** What happened in one round trip: `source: HEAD manifest`, each once and in alphabetical order. */
export type RoundTrip = readonly string[];

export interface RoundTripClock {
  /** @returns `127.0.0.1:port` of a line to a server, over which every request takes one round trip of the clock */
  lineTo(name: string, server: { readonly host: string }): Promise<string>;
  /** What happened since the start or the last call, round trip by round trip. */
  take(): readonly RoundTrip[];
}

/** Longer than this nothing that is on its way takes between two sockets of this process. */
const quietMs = 20;

/**
 * Lines to several servers whose only clock is the round trip: when client and servers have nothing more to do, all that
 * was sent arrives, all answers come back, and the next round trip begins. Opening a connection takes one, too. So the
 * count is the same on every machine. Client and servers must be in this process.
 */
export function startRoundTrips(): RoundTripClock {
  let round = 1;
  let first = 1;
  let moves = 0;
  let isOver = false;
  const log: { readonly round: number; readonly what: string }[] = [];
  let sent: { readonly round: number; readonly arrive: () => void }[] = [];
  let answers: (() => void)[] = [];
  const sockets = new Set<Socket>();

  async function quiet(): Promise<void> {
    for (let before = -1; before !== moves;) {
      before = moves;
      await sleep(quietMs);
      for (let turns = 0; turns < 10; turns++) await turn();
    }
  }

  async function run(): Promise<void> {
    while (!isOver) {
      await quiet();
      if (sent.length === 0) continue;
      const due = sent.filter((one) => one.round <= round);
      sent = sent.filter((one) => one.round > round);
      for (const { arrive } of due) arrive();
      await quiet();
      const back = answers;
      answers = [];
      for (const arrive of back) arrive();
      round++;
    }
  }
  const running = run();
  onTestFinished(async () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
    await running;
  });

  return {
    async lineTo(name, server) {
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        const usableFrom = round + 1;
        log.push({ round, what: `${name}: connect` });
        const [, port] = server.host.split(':');
        const remote = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true, noDelay: true });
        for (const socket of [client, remote]) {
          sockets.add(socket);
          socket.on('error', () => {});
          socket.on('close', () => {
            client.destroy();
            remote.destroy();
          });
        }
        client.on('data', (bytes: Buffer) => {
          moves++;
          const at = Math.max(round, usableFrom);
          log.push({ round: at, what: `${name}: ${nameOf(bytes)}` });
          sent.push({ round: at, arrive: () => remote.write(bytes) });
        });
        remote.on('data', (bytes: Buffer) => {
          moves++;
          answers.push(() => client.write(bytes));
        });
        remote.on('end', () => answers.push(() => client.end()));
      });
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      onTestFinished(() => void listener.close());
      return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    },
    take() {
      const taken = log.splice(0);
      const last = Math.max(first, ...taken.map((one) => one.round));
      const trips = Array.from({ length: last - first + 1 }, (_, position) =>
        [...new Set(taken.filter((one) => one.round === first + position).map(({ what }) => what))].toSorted(),
      );
      first = round;
      return trips;
    },
  };
}

/** `HEAD manifest`, `POST upload`; the rest of a body, and the question whether TLS is spoken, are `bytes`. */
function nameOf(bytes: Buffer): string {
  const [, method, path = ''] = /^([A-Z]+) (\S+) HTTP/.exec(bytes.toString('latin1')) ?? [];
  if (method === undefined) return 'bytes';
  if (path.includes('/uploads/')) return `${method} upload`;
  return `${method} ${path.includes('/manifests/') ? 'manifest' : 'blob'}`;
}
