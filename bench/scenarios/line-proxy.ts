import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { startLineProcess } from '../../demo/line/line-process.js';
import type { LineConditions } from '../../demo/line/line.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import type { Entry, Goal, Run, Scenario } from '../scenario.js';
import { medianOf, megabyte } from '../statistics.js';

const program = fileURLToPath(new URL('../lines/flood.js', import.meta.url));
const bytesInAll = 1_000 * megabyte;
const wanted = 100 * megabyte;
/** The round trips at its ends, and timers. */
const mostLossShare = 0.1;

/** Whether the simulated line itself carries what the scenarios ask of it. */
export const lineProxy: Scenario = {
  name: 'line-proxy',
  async run({ attempts, scale }) {
    const bytes = Math.round(bytesInAll * scale);
    const free = await carry('no limit', {}, bytes, attempts);
    const limited = await carry(
      '100 MB/s, 80 ms',
      { roundTripMs: 80, bytesPerSecond: { line: wanted } },
      bytes,
      attempts,
    );
    return {
      title: 'The simulated line alone',
      setting: `${Math.round(bytes / megabyte)} MB over one connection, from one process to another.`,
      entries: [free, limited],
      goals: [
        carries('without a limit at least 100 MB/s', free, bytes, wanted),
        carries('with 100 MB/s at least 90 MB/s', limited, bytes, wanted * (1 - mostLossShare)),
      ],
    };
  },
};

async function carry(name: string, conditions: LineConditions, bytes: number, attempts: number): Promise<Entry> {
  const server = createServer((socket) => socket.resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await startLineProcess({ to: { port: (server.address() as AddressInfo).port }, ...conditions });
  try {
    const runs: Run[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const invocation = { program: process.execPath, args: [program, String(line.port), String(bytes)], env: {} };
      const { wallMs } = await measure([invocation], { atOnce: 1 });
      sayRun(name, attempt, { wallMs });
      runs.push({ wallMs });
    }
    return { name, runs };
  } finally {
    await line.close();
    server.close();
  }
}

function carries(text: string, entry: Entry, bytes: number, atLeast: number): Goal {
  const rate = bytes / ((medianOf(entry, 'wallMs') ?? Number.NaN) / 1000);
  return { text, found: `${(rate / megabyte).toFixed(0)} MB/s`, met: rate >= atLeast };
}
