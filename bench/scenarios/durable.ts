import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runFerry, startFerryUp } from '../../demo/ferry-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { projectRoot, requireTool } from '../../demo/tools.js';
import { ferry } from '../contestants.js';
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
      goals: [within(10, { ferry: synced, ofMs: copied && medianOf(copied, 'wallMs'), what: '`ferry copy`' })],
    };
  },
};

async function throughTemporal(registries: Registries, image: MadeManifest, attempts: number): Promise<Entry> {
  const { source, targets, folder } = registries;
  const environment = environmentFor(registries);
  const up = await startFerryUp({ folder, environment });
  try {
    const runs: Run[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const tag = `v${attempt}`;
      await pushImage(source, { image, repository, tag });
      for (const target of targets) empty(target);
      const added = await runFerry(['add', `${source.host}/${repository}:${tag}`, '--no-sync'], environment);
      if (added.status !== 0) throw new Error(`ferry add ended with ${added.status}:\n${added.errors}`);
      const command = [join(projectRoot, 'bin', 'ferry'), 'sync', '--wait'];
      const invocation = { program: process.execPath, args: command, env: stringsOf(environment) };
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

function environmentFor({ source, targets, folder }: Registries): NodeJS.ProcessEnv {
  const configuration = join(folder, 'ferry.yaml');
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder);
  // JSON is YAML, too.
  const text = JSON.stringify({
    hosts: { [source.host]: { scheme: 'http' } },
    targets: Object.fromEntries(targets.map(({ url }, n) => [`target-${n + 1}`, { registry: url, naming: 'private' }])),
  });
  writeFileSync(configuration, text);
  return {
    ...process.env,
    DOCKER_CONFIG: folder,
    FERRY_CONFIG: configuration,
    FERRY_DATA_DIR: dataFolder,
    FERRY_SCHEDULES: 'off',
    FERRY_TEMPORAL_CLI: requireTool('temporal'),
  };
}

function stringsOf(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
