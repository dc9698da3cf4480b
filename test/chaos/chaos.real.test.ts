import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { defaultsFor } from '../../chaos/defaults.js';
import { reportOf } from '../../chaos/report.js';
import { runChaos } from '../../chaos/run-chaos.js';

const seconds = 55;
const options = { ...defaultsFor(7, seconds), images: 10, killEverySeconds: 5, keep: false };

/** More than all waits of a run together: what was not done in time is said by the run itself. */
const withinMs = 900_000;

test(
  'images that are requested while everything is killed, frozen and cut off arrive byte for byte, once, without a person',
  { timeout: withinMs + 60_000 },
  async () => {
    const said: string[] = [];

    const result = await Promise.race([runChaos({ ...options, print: (line) => said.push(line) }), overdue(said)]);

    const account = `${said.join('\n')}\n\n${reportOf(options, result)}\nseed ${options.seed}, evidence ${result.folder}`;
    expect(result.violations, account).toEqual([]);
    expect(
      result.faults.filter(({ fault, isDone }) => fault.kind === 'kill' && isDone).length,
      account,
    ).toBeGreaterThan(7);
  },
);

/** A timeout of the runner would not say how far the run came. */
async function overdue(said: readonly string[]): Promise<never> {
  await sleep(withinMs, undefined, { ref: false });
  throw new Error(`the run did not end within ${withinMs / 1000} s:\n${said.join('\n')}`);
}
