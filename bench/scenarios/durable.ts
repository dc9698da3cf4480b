import { join } from 'node:path';

import { startFerryUp } from '../../demo/ferry-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { projectRoot } from '../../demo/tools.js';
import { ferry } from '../contestants.js';
import { addImage, makeFerryEnvironment, variablesOf } from '../ferry-environment.js';
import { within } from '../goals.js';
import { largeImage, race } from '../image-race.js';
import { measure } from '../measure.js';
import { sayRun } from '../progress.js';
import { empty, verifyArrival, withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Entry, Run, Scenario } from '../scenario.js';
import { medianOf } from '../statistics.js';

const repository = 'bench/durable';

export const durable: Scenario = {
  name: 'durable',
  async run({ attempts, scale }) {
    const image = await largeImage(scale);
    const [copied, synced] = await withRegistries({ targets: 2 }, async (registries) => {
      const entries = await race(registries, [ferry()], { image, attempts });
      return [entries[0], await throughTemporal(registries, image, attempts)] as const;
    });
    return {
      title: 'Through Temporal and the database',
      setting: 'The same image, plain HTTP, two targets: `ferry sync --wait` on a `ferry up` that runs, with SQLite.',
      entries: [synced, ...(copied === undefined ? [] : [copied])],
      goals: [
        within(10, { ferry: synced, ofMs: copied && medianOf(copied, 'wallMs'), orMs: 250, what: '`ferry copy`' }),
      ],
    };
  },
};

async function throughTemporal(registries: Registries, image: MadeManifest, attempts: number): Promise<Entry> {
  const { source, targets, folder } = registries;
  const environment = makeFerryEnvironment({
    folder,
    sourceHost: source.host,
    targetHosts: targets.map(({ host }) => host),
  });
  const up = await startFerryUp({ folder, environment });
  try {
    const runs: Run[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const tag = `v${attempt}`;
      await pushImage(source, { image, repository, tag });
      for (const target of targets) empty(target);
      await addImage(`${source.host}/${repository}:${tag}`, environment);
      const command = [join(projectRoot, 'bin', 'ferry'), 'sync', '--wait'];
      const invocation = { program: process.execPath, args: command, env: variablesOf(environment) };
      // The bytes move in the worker: this process's own CPU time and memory would say nothing.
      const { wallMs } = await measure([invocation], { atOnce: 1 });
      for (const target of targets) await verifyArrival(target, { image, repository, tag, by: 'ferry sync' });
      sayRun('ferry sync --wait', attempt, { wallMs });
      runs.push({ wallMs });
    }
    return { name: 'ferry sync --wait', runs };
  } finally {
    await up.stop();
  }
}
