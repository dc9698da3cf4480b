import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';
import { afterEach, describe, expect, test } from 'vitest';

import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import type { MadeManifest } from '../../demo/make-images.js';
import { startMariaDb } from '../../demo/mariadb-server.js';
import type { MariaDbServer } from '../../demo/mariadb-server.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { startTwoTargetStage } from '../support/two-target-stage.js';
import type { TwoTargetStage } from '../support/two-target-stage.js';

/** How one kind of database is backed up and restored, as docs/backup.md says. */
interface Way {
  readonly environment: Readonly<Record<string, string>>;
  backUp(stage: FerryStage, file: string): Promise<void>;
  /** Into a folder or server that has lost everything. */
  restore(stage: FerryStage, file: string): Promise<void>;
  stop(): Promise<void>;
}

const ways: Readonly<Record<string, () => Promise<Way>>> = { SQLite: sqlite, MariaDB: mariaDb };

const patient = { timeout: 60_000 };
const bytesPerSecond = 100_000_000;

let stage: TwoTargetStage;
let way: Way | undefined;

afterEach(async () => {
  await stage.clear();
  await way?.stop();
});

describe.each(Object.keys(ways))("yesterday's backup of %s", (kind) => {
  test(
    'is made during a copy, and after the loss of database and Temporal the next run converges without moving a byte or a name',
    { timeout: 240_000 },
    async () => {
      way = await ways[kind]?.();
      if (way === undefined) throw new TypeError(kind);
      const { environment, backUp, restore } = way;
      stage = await startTwoTargetStage(bytesPerSecond, environment);
      const file = join(stage.folder, 'backup');
      // Two images with one name on a target, one with a tag that moves, and one that is in flight during the backup.
      for (const name of ['a/app', 'b/app', 'a/moving']) await publish(name, 200_000);
      const large = await publish('a/large', 12_000_000);

      const before = await stage.up();
      await add('a/app', 'b/app');
      await stage.ask('sync', '--wait');
      await add('a/moving');
      await stage.ask('sync', '--wait');
      const release = stage.proxy.holdBack(large.blobs[1]?.digest ?? '', 1_000_000);
      await add('a/large');
      await expect
        .poll(() => stage.proxy.reads().some(({ digest }) => digest === large.blobs[1]?.digest), patient)
        .toBe(true);
      await backUp(stage, file);
      release();
      // Today: what the backup does not have.
      await publish('a/moving', 300_000, 'moved');
      await publish('a/new', 200_000);
      await add('a/new');
      await stage.ask('sync', '--wait');
      const repositories = await repositoriesOfTargets();
      const tags = await tagsOf(repositories);
      await before.stop();

      rmSync(join(stage.folder, 'data'), { recursive: true });
      rmSync(join(stage.folder, 'up.log'));
      mkdirSync(join(stage.folder, 'data'));
      await restore(stage, file);
      const cost = await costOf(async () => {
        await stage.up();
        const summary = await stage.ask<SyncAllResult>('sync', '--wait');
        await add('a/new');
        return [summary, await stage.ask<SyncAllResult>('sync', '--wait')];
      });

      expect(cost.answer).toMatchObject(Array(2).fill({ retrying: 0, waiting: 0, blocked: 0 }));
      expect(cost.blobsRead).toBe(0);
      expect(cost.written).toEqual([]);
      expect(await repositoriesOfTargets()).toEqual(repositories);
      expect(await tagsOf(repositories)).toEqual(tags);
      const pushed = await stage.ask<{ readonly name: string }[]>('list', 'pushed');
      expect(pushed).toHaveLength(10);
      const status = await stage.ask<object>('status');
      expect(status).toMatchObject({ wanted: { pushed: 5 } });
    },
  );
});

test('ferry backup replaces no file, leaves none behind, and says what to do for MySQL and without a database', async () => {
  stage = await startTwoTargetStage(bytesPerSecond);
  const file = join(stage.folder, 'backup.db');
  const missing = await stage.ferry('backup', file);
  await stage.ferry('migrate');
  writeFileSync(join(stage.folder, 'other'), 'mine');

  const refused = await stage.ferry('backup', join(stage.folder, 'other'));
  const nowhere = await stage.ferry('backup', join(stage.folder, 'no', 'backup.db'));
  const made = await stage.ferry('backup', file);
  const again = await stage.ferry('backup', file);

  expect(missing).toMatchObject({ status: 1, errors: expect.stringContaining('there is no database at') as string });
  expect(refused).toMatchObject({ status: 1, errors: expect.stringContaining('exists: name a new file') as string });
  expect(readFileSync(join(stage.folder, 'other'), 'utf8')).toBe('mine');
  expect(nowhere).toMatchObject({ status: 1, errors: expect.stringContaining('does not exist: create it') as string });
  expect(made).toMatchObject({
    status: 0,
    output: expect.stringMatching(/^Backed up .*ferry\.db to .*backup\.db \(.* kB\)\.$/m) as string,
  });
  expect(again.status).toBe(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

async function publish(name: string, bytes: number, content = name): Promise<MadeManifest> {
  const image = await makeImage({ name: content.replaceAll('/', '-'), layers: [bytes] });
  await pushImage(stage.source, { image, repository: name, tag: name === 'a/moving' ? 'latest' : '1' });
  return image;
}

async function add(...names: readonly string[]): Promise<void> {
  const references = names.map((name) => `${stage.proxy.host}/${name}:${name === 'a/moving' ? 'latest' : '1'}`);
  const { status, errors } = await stage.ferry('add', ...references);
  expect(status, errors).toBe(0);
}

async function repositoriesOfTargets(): Promise<readonly string[]> {
  const catalogs = [stage.aliyun, stage.own].map(async ({ url }) => {
    const { repositories } = (await (await fetch(`${url}/v2/_catalog`)).json()) as { repositories: string[] };
    return repositories.toSorted();
  });
  return (await Promise.all(catalogs)).flat();
}

/** The digest of the tag in each repository. */
async function tagsOf(repositories: readonly string[]): Promise<readonly string[]> {
  const digests = repositories.map(async (repository) => {
    const registry = repository.startsWith('team/') ? stage.aliyun : stage.own;
    const there = await readManifest(registry, repository, repository.includes('moving') ? 'latest' : '1');
    return `${repository} ${there?.digest ?? 'nothing'}`;
  });
  return await Promise.all(digests);
}

/** What a piece of work reads of blobs, and every request that adds to a target: all but a manifest under its own digest. */
async function costOf<Answer>(work: () => Promise<Answer>) {
  const [readBefore, ...before] = [
    bytesRead(),
    (await stage.aliyun.requests()).length,
    (await stage.own.requests()).length,
  ];
  const answer = await work();
  const after = [await stage.aliyun.requests(), await stage.own.requests()];
  const written = after.flatMap((requests, n) =>
    requests
      .slice(before[n])
      .filter(({ method, path }) => !['GET', 'HEAD'].includes(method) && !path.includes('/manifests/sha256:'))
      .map(({ method, path }) => `${method} ${path}`),
  );
  return { answer, blobsRead: bytesRead() - readBefore, written };
}

function bytesRead(): number {
  return stage.proxy.reads().reduce((sum, { bytes }) => sum + bytes, 0);
}

async function sqlite(): Promise<Way> {
  return {
    environment: {},
    async backUp(at, file) {
      const { status, errors } = await at.ferry('backup', file);
      expect(status, errors).toBe(0);
    },
    async restore(at, file) {
      copyFileSync(file, join(at.folder, 'data', 'ferry.db'));
    },
    async stop() {},
  };
}

async function mariaDb(): Promise<Way> {
  const server: MariaDbServer = await startMariaDb();
  const { host, port, user, password } = server;
  const access = ['--no-defaults', `--host=${host}`, `--port=${port}`, `--user=${user}`, '--skip-ssl'];
  const env = { PATH: process.env['PATH'], MYSQL_PWD: password };
  const query = async (statement: string): Promise<void> => {
    const connection = await createConnection({ host, port, user, password });
    await connection.query(statement);
    await connection.end();
  };
  return {
    environment: { MYSQL_HOST: host, MYSQL_PORT: String(port), MYSQL_USER: user, MYSQL_PASSWORD: password },
    async backUp(_, file) {
      const dump = execFileSync('mariadb-dump', [...access, '--single-transaction', '--hex-blob', 'image_ferry'], {
        env,
      });
      writeFileSync(file, dump);
    },
    async restore(_, file) {
      await query('drop database image_ferry');
      await query('create database image_ferry character set utf8mb4');
      execFileSync('mariadb', [...access, 'image_ferry'], { env, input: readFileSync(file) });
    },
    stop: async () => await server.stop(),
  };
}
