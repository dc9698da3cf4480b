import { expect, test } from 'vitest';

import { defaultsFor } from '../../chaos/defaults.js';
import { reportOf } from '../../chaos/report.js';
import { runChaos } from '../../chaos/run-chaos.js';

const seconds = 55;
const options = { ...defaultsFor(7, seconds), images: 10, killEverySeconds: 5, keep: false };

test(
  'images that are requested while everything is killed, frozen and cut off arrive byte for byte, once, without a person',
  { timeout: 400_000 },
  async () => {
    const said: string[] = [];

    const result = await runChaos({ ...options, print: (line) => said.push(line) });

    const account = `${said.join('\n')}\n\n${reportOf(options, result)}\nseed ${options.seed}, evidence ${result.folder}`;
    expect(result.violations, account).toEqual([]);
    expect(
      result.faults.filter(({ fault, isDone }) => fault.kind === 'kill' && isDone).length,
      account,
    ).toBeGreaterThan(7);
  },
);
