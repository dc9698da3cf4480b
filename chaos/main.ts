/**
 * `npm run chaos -- --minutes 30 --seed 1`: kills, freezes and restarts workers, server, Temporal, database, sources and
 * targets, breaks their connections and fills their disks, while images are requested by command, API, webhook and SQL.
 * At the end it verifies every image and every promise (docs/reliability.md).
 *
 * `--minutes N` of faults (default 2); `--seed N`: the same faults and requests at the same times (default: drawn);
 * `--kill-every N` mean seconds between two kills (default 7.5); `--images N` (default: one for 11 s); `--keep` keeps the
 * folder with the time line and all logs, as it is kept when a promise is broken.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { defaultsFor } from './defaults.js';
import { reportOf } from './report.js';
import { runChaos } from './run-chaos.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    'kill-every': { type: 'string' },
    images: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? randomInt(1_000_000) : positive('--seed', values.seed);
const options = {
  ...defaultsFor(seed, positive('--minutes', values.minutes) * 60),
  ...(values['kill-every'] === undefined ? {} : { killEverySeconds: positive('--kill-every', values['kill-every']) }),
  ...(values.images === undefined ? {} : { images: positive('--images', values.images) }),
  keep: values.keep,
  print: (line: string): void => console.log(line),
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Its processes are killed, and its disks are removed, when this one exits.
  process.once(signal, () => fail(`stopped by ${signal}`));
}

const result = await runChaos(options);
console.log(`\n${reportOf(options, result)}\n`);
for (const { promise, text } of result.violations) console.log(`BROKEN (${promise}) ${text}`);
if (result.violations.length === 0) console.log('every promise was kept');
else console.log(`seed ${seed}; time line ${result.timeline}; evidence ${result.folder}`);
process.exit(result.violations.length === 0 ? 0 : 1);

function positive(option: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : fail(`${option} ${text} is no positive number`);
}

function fail(message: string): never {
  console.error(`chaos: ${message}`);
  process.exit(2);
}
