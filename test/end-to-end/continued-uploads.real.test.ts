import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

import { startChild, stopChild } from '../../demo/child-process.js';
import { pushImage } from '../../demo/image-exchange.js';
import type { Line } from '../../demo/line/line.js';
import { startLine } from '../../demo/line/start-line.js';
import { makeImage } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { startMariaDb } from '../../demo/mariadb-server.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { skopeoInspectRaw } from '../../demo/skopeo.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { projectRoot } from '../support/tools.js';

const layerBytes = 96_000_000;
const bytesPerSecond = 16_000_000;
/** What may move twice: the bytes since the last record, and those in buffers on the way. */
const againBytes = 32_000_000;
const repository = 'org/app';
const tag = '1';

let registries: readonly RegistryServer[];
/** Of the source, and of two targets. */
let lines: readonly [Line, Line, Line];
let stage: FerryStage;
let image: MadeManifest;

beforeEach(async () => {
  const [source, one, two] = await Promise.all(
    [1, 2, 3].map(async () => await startRegistry({ kind: 'distribution' })),
  );
  if (source === undefined || one === undefined || two === undefined) throw new Error('a registry is missing');
  registries = [source, one, two];
  lines = [
    await startLine({ to: { port: source.port }, bytesPerSecond: { line: bytesPerSecond } }),
    await startLine({ to: { port: one.port } }),
    await startLine({ to: { port: two.port } }),
  ];
  image = await makeImage({ name: 'continued', layers: [layerBytes] });
  await pushImage(source, { image, repository, tag });
  stage = stageOf();
});

afterEach(async () => {
  await stage.clear();
  await Promise.all(lines.map(async (line) => await line.close()));
  await Promise.all(registries.map(async (registry) => await registry.stop()));
});

function stageOf(environment: Readonly<Record<string, string>> = {}): FerryStage {
  const targets = lines.slice(1).map(({ host }) => ({ registry: `http://${host}`, naming: 'private' }));
  return makeFerryStage({
    environment,
    configuration: {
      hosts: { [lines[0].host]: { scheme: 'http' } },
      targets: Object.fromEntries(targets.map((target, position) => [`target-${position + 1}`, target])),
    },
  });
}

async function countsOf() {
  const [source, ...targets] = await Promise.all(lines.map(async (line) => await line.stats()));
  return { read: source?.forwarded.down ?? 0, sent: targets.map(({ forwarded }) => forwarded.up) };
}

async function untilSent(bytes: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { sent } = await countsOf();
    if (Math.max(...sent) >= bytes) return;
    if (Date.now() > deadline) throw new Error(`the targets have ${sent.join(' and ')} bytes after two minutes`);
    await sleep(20);
  }
}

/** @param behindBytes what one target did not have yet when the other one did: it is read again */
async function expectLittleMovedAgain(behindBytes = 0): Promise<void> {
  const { read, sent } = await countsOf();
  const most = layerBytes + againBytes;
  const fits = read < most + behindBytes && sent.every((bytes) => bytes < most);
  expect({ read, sent, fits }).toEqual({ read, sent, fits: true });
  for (const registry of registries.slice(1)) {
    const bytes = await skopeoInspectRaw({ registry, repository, reference: tag });
    expect(bytes.equals(image.bytes)).toBe(true);
  }
}

/** The location of an upload has an ID, and a state that the registry signs. */
function namesLocation(text: string): boolean {
  return /[?&]_state=|blobs\/uploads\/[0-9a-f]{8}-/.test(text);
}

test(
  'after SIGKILL at 90 % of a layer, the same ferry copy continues to both targets',
  { timeout: 180_000 },
  async () => {
    const references = lines.map(({ host }) => `${host}/${repository}:${tag}`);
    const uploads = join(stage.folder, 'data', 'uploads');
    const first = startChild(process.execPath, [join(projectRoot, 'bin', 'ferry'), 'copy', ...references], {
      env: stage.environment,
      stdio: 'ignore',
    });
    await untilSent(layerBytes * 0.9);
    await stopChild(first, 'SIGKILL');
    // A kill in the middle of a save leaves a file of its own, which the next process removes.
    const left = readdirSync(uploads).filter((name) => name.endsWith('.json'));

    const { status, output, errors } = await stage.ferry('copy', ...references);

    expect(left).toHaveLength(2);
    expect({ status, errors }).toMatchObject({ status: 0 });
    await expectLittleMovedAgain();
    expect(readdirSync(uploads)).toEqual([]);
    expect(namesLocation(output + errors)).toBe(false);
  },
);

test(
  'after SIGKILL of the worker at 90 % of a layer, the next worker continues to both targets',
  { timeout: 240_000 },
  async () => {
    const up = await stage.up();
    await stage.ferry('add', `${lines[0].host}/${repository}:${tag}`);
    await untilSent(layerBytes * 0.9);
    process.kill(up.workerPid(), 'SIGKILL');

    const summary = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });
    await expectLittleMovedAgain();
    expect(recordedUploads()).toBe(0);
    expect(filesWithLocation(join(stage.folder, 'data'))).toEqual([]);
  },
);

/** Logs and Temporal's histories; the ferry's own database holds the locations while uploads are in flight. */
function filesWithLocation(data: string): readonly string[] {
  const paths = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(logs\/.*|temporal\.db.*)$/.test(path),
  );
  expect(paths).toContain('temporal.db');
  return paths.filter((path) => namesLocation(readFileSync(join(data, path)).toString('latin1')));
}

test(
  'after SIGKILL of a whole machine, another one with the same MariaDB continues, also to a target that is behind',
  { timeout: 300_000 },
  async () => {
    const server = await startMariaDb();
    onTestFinished(async () => await server.stop());
    const { host, port, user, password } = server;
    const access = { MYSQL_HOST: host, MYSQL_PORT: String(port), MYSQL_USER: user, MYSQL_PASSWORD: password };
    const [first, second] = [1, 2].map(() => {
      const machine = stageOf({ ...access, MYSQL_DB: 'ferry' });
      onTestFinished(async () => await machine.clear());
      return machine;
    });
    if (first === undefined || second === undefined) throw new Error('a machine is missing');
    const up = await first.up();
    await first.ferry('add', `${lines[0].host}/${repository}:${tag}`);
    await untilSent(layerBytes * 0.6);
    await lines[2].stall({ direction: 'up' });
    await untilSent(layerBytes * 0.9);
    await up.kill();
    const [ahead = 0, behind = 0] = (await countsOf()).sent;

    await lines[2].resume();
    await second.up();
    const summary = await second.ask<SyncAllResult>('sync', '--wait');

    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });
    expect(behind).toBeLessThan(layerBytes * 0.8);
    await expectLittleMovedAgain(ahead - behind);
  },
);

function recordedUploads(): number {
  const database = new Database(join(stage.folder, 'data', 'ferry.db'), { readonly: true });
  try {
    return (database.prepare('select count(*) as count from upload_sessions').get([]) as { count: number }).count;
  } finally {
    database.close();
  }
}
