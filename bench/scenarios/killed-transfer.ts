import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createConnection } from 'mysql2/promise';

import { startChild, stopChild } from '../../demo/child-process.js';
import { startFerryUp } from '../../demo/ferry-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startMariaDb } from '../../demo/mariadb-server.js';
import { ferryCopy } from '../contestants.js';
import { addImage, makeFerryEnvironment, syncUntilDone } from '../ferry-environment.js';
import { movedAgain } from '../goals.js';
import { countsOf, noteOnLines, withLines } from '../lines/lines.js';
import type { Lines } from '../lines/lines.js';
import { sayRun } from '../progress.js';
import { verifyArrival, withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import type { Scenario } from '../scenario.js';
import { megabyte, sum } from '../statistics.js';

const layerBytes = 2_000 * megabyte;
const behindBytes = 200 * megabyte;
const killAtShare = 0.9;
const mostAgainMegabytes = 32;
const line = { roundTripMs: 40, bytesPerSecond: { line: 60 * megabyte } };
const repository = 'bench/killed';
const tag = 'v1';
const pollMs = 20;
const startMs = 120_000;
const mostSyncs = 5;

/** A transfer that is killed, and what continues it. */
interface KilledTransfer {
  readonly name: string;
  readonly title: string;
  /** Who is killed and who continues, in a sentence. */
  readonly setting: string;
  /** Starts the transfer, awaits `nearEnd`, kills, calls `goOn`, and brings the transfer to its end. */
  readonly run: (stage: KillStage) => Promise<void>;
}

interface KillStage {
  readonly registries: Registries;
  readonly lines: Lines;
  /** Resolves when one target has 90 % of the layer and the other one is 200 MB behind. */
  readonly nearEnd: () => Promise<void>;
  /** Lets the target that is behind receive again. */
  readonly goOn: () => Promise<void>;
}

const killedCopy: KilledTransfer = {
  name: 'killed-copy',
  title: 'SIGKILL of `ferry copy` at 90 % of a large layer',
  setting: 'The same command continues.',
  async run({ registries, lines, nearEnd, goOn }) {
    const references = [lines.source, ...lines.targets].map(({ host }) => `${host}/${repository}:${tag}`);
    const { program, args } = ferryCopy(references);
    const env = { ...process.env, DOCKER_CONFIG: registries.folder, FERRY_DATA_DIR: join(registries.folder, 'data') };
    const start = () => startChild(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
    const first = start();
    await nearEnd();
    await stopChild(first, 'SIGKILL');

    await goOn();
    const second = start();
    const status = await new Promise((resolve) => second.once('exit', resolve));
    if (status !== 0) throw new Error(`ferry copy ended with ${String(status)}`);
  },
};

const killedWorker: KilledTransfer = {
  name: 'killed-worker',
  title: 'SIGKILL of the worker at 90 % of a large layer',
  setting: 'With MariaDB; the worker that `ferry up` starts next continues.',
  run: ({ registries, lines, nearEnd, goOn }) =>
    withDatabase(async (database) => {
      const { folder, environment } = machine('first', registries, lines, database);
      const up = await startFerryUp({ folder, environment });
      try {
        await addImage(`${lines.source.host}/${repository}:${tag}`, environment);
        const syncing = syncUntilDone(environment, mostSyncs);
        await Promise.race([nearEnd(), syncing]);
        process.kill(up.workerPid(), 'SIGKILL');
        await goOn();
        await syncing;
      } finally {
        await up.stop();
      }
    }),
};

const killedMachine: KilledTransfer = {
  name: 'killed-machine',
  title: 'SIGKILL of a whole `ferry up` at 90 % of a large layer',
  setting: 'Another machine with the same MariaDB and a data folder of its own continues.',
  run: ({ registries, lines, nearEnd, goOn }) =>
    withDatabase(async (database) => {
      const first = machine('first', registries, lines, database);
      const up = await startFerryUp(first);
      await addImage(`${lines.source.host}/${repository}:${tag}`, first.environment);
      // Its waiting command ends with the machine.
      const syncing = syncUntilDone(first.environment, 1).catch(() => undefined);
      await nearEnd();
      await up.kill();
      await syncing;

      await goOn();
      const second = machine('second', registries, lines, database);
      const next = await startFerryUp(second);
      try {
        await syncUntilDone(second.environment, mostSyncs);
      } finally {
        await next.stop();
      }
    }),
};

/** What a killed transfer moves again. */
export const killedTransfers: readonly Scenario[] = [killedCopy, killedWorker, killedMachine].map(scenarioOf);

function scenarioOf({ name, title, setting, run }: KilledTransfer): Scenario {
  return {
    name,
    async run({ scale }) {
      const image = await makeImage({ name, layers: [Math.round(layerBytes * scale)] });
      const bytes = sum(image.blobs.map(({ size }) => size));
      return await withRegistries({ targets: 2 }, async (registries) => {
        await pushImage(registries.source, { image, repository, tag });
        return await withLines(registries, { source: line, target: line }, async (lines) => {
          const startedAt = performance.now();
          let behind = 0;
          await run({
            registries,
            lines,
            nearEnd: async () => {
              behind = await nearEnd(lines, bytes, scale);
            },
            goOn: async () => await lines.targets[1]?.resume(),
          });
          const wallMs = performance.now() - startedAt;
          for (const target of registries.targets) await verifyArrival(target, { image, repository, tag, by: name });
          const { read, sent, busiest } = await countsOf(lines);
          sayRun(name, 0, { wallMs });
          const again = { needed: bytes, megabytes: mostAgainMegabytes };
          return {
            title,
            setting: `One layer of ${Math.round(bytes / megabyte)} MB to two targets, 60 MB/s each, ${Math.round(behind / megabyte)} MB apart when it is killed. ${setting}`,
            entries: [{ name: 'ferry', runs: [{ wallMs, sourceBytes: read, targetBytes: Math.max(...sent) }] }],
            goals: [
              // What one target alone has must be read again for the other one.
              movedAgain('read', { ...again, needed: bytes + behind, moved: read }),
              ...sent.map((moved, n) => movedAgain(`sent to target ${n + 1}`, { ...again, moved })),
            ],
            notes: [noteOnLines(busiest)],
          };
        });
      });
    },
  };
}

/**
 * Holds the second target back when it would come nearer, and waits until the first one is where the kill is due.
 *
 * @returns how many bytes the second one is behind
 */
async function nearEnd(lines: Lines, bytes: number, scale: number): Promise<number> {
  const killAt = bytes * killAtShare;
  const deadline = performance.now() + startMs + (bytes / line.bytesPerSecond.line) * 4000;
  let isHeld = false;
  for (;;) {
    const [first = 0, second = 0] = (await countsOf(lines)).sent;
    if (!isHeld && second >= killAt - behindBytes * scale) {
      isHeld = true;
      await lines.targets[1]?.stall({ direction: 'up' });
    }
    if (first >= killAt) return first - second;
    if (performance.now() > deadline) {
      throw new Error(`the first target has ${first} bytes and the second one ${second}; neither advances`);
    }
    await sleep(pollMs);
  }
}

function machine(
  name: string,
  { folder: parent }: Registries,
  { source, targets }: Lines,
  database: Readonly<Record<string, string>>,
): { readonly folder: string; readonly environment: NodeJS.ProcessEnv } {
  const folder = join(parent, name);
  mkdirSync(folder);
  const targetHosts = targets.map(({ host }) => host);
  return { folder, environment: makeFerryEnvironment({ folder, sourceHost: source.host, targetHosts, database }) };
}

/** A MariaDB with an empty database; `work` gets the variables that name it. */
async function withDatabase(work: (variables: Readonly<Record<string, string>>) => Promise<void>): Promise<void> {
  const server = await startMariaDb();
  try {
    const { host, port, user, password } = server;
    const sql = await createConnection({ host, port, user, password });
    await sql.query('create database ferry character set utf8mb4');
    await sql.end();
    await work({
      MYSQL_HOST: host,
      MYSQL_PORT: String(port),
      MYSQL_USER: user,
      MYSQL_PASSWORD: password,
      MYSQL_DB: 'ferry',
    });
  } finally {
    await server.stop();
  }
}
