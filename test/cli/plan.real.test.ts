import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { copyImage, createRegistryClient } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { pushImage } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { planOfSync } from '../../src/composition/open-sync-plan.js';
import { readConfig } from '../../src/config/read-config.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { PlannedImage } from '../../src/domain/plan-types.js';
import { dump, sqlitePlace } from '../support/database-locations.js';
import type { DatabasePlace } from '../support/database-locations.js';
import { wholePlan } from '../support/whole-plan.js';
import type { WholePlan } from '../support/whole-plan.js';

let source: RegistryServer;
let target: RegistryServer;
let place: DatabasePlace;
let folder: string;
let database: FerryDatabase;
let stores: Stores;

beforeAll(async () => {
  [source, target] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  place = sqlitePlace();
  for (const name of ['new', 'done', 'late', 'counted']) {
    const image = await makeImage({ name, layers: [200_000, 100_000] });
    await pushImage(source, { image, repository: `org/${name}`, tag: '1' });
  }
  await copy('done', 'org/done');
});

afterAll(async () => {
  await place.clear();
  await Promise.all([source.stop(), target.stop()]);
});

beforeEach(async ({ onTestFinished }) => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-plan-'));
  database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  await migrate(database);
  stores = createStores(database);
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

async function copy(name: string, repository: string): Promise<void> {
  const trustedHosts = new Set([source.host, target.host]);
  const client = createRegistryClient({ credentials: async () => undefined, trustedHosts });
  const to = { name: 'private', host: target.host, repository, tag: '1', manifestPolicy: 'keep' } as const;
  await copyImage(client, {
    source: parseImageReference(`${source.host}/org/${name}:1`),
    platforms: 'all',
    targets: [to],
  });
  client.close();
}

async function want(...names: string[]): Promise<void> {
  const imageRequests = names.map((name) => ({
    reference: parseImageReference(`${source.host}/${name}`),
    platform: 'all',
    requestedBy: { by: 'cli' } as const,
  }));
  await stores.wanted.addWanted(imageRequests);
}

async function plan({
  spendPulls = false,
  pulls,
  targets = {},
}: { spendPulls?: boolean; pulls?: object; targets?: object } = {}): Promise<WholePlan> {
  const path = join(folder, 'ferry.yaml');
  const host = { scheme: 'http', ...(pulls === undefined ? {} : { pulls }) };
  writeFileSync(path, JSON.stringify({ targets, hosts: { [source.host]: host } }));
  const config = readConfig({ FERRY_DATA_DIR: folder, MY_REGISTRY: target.url, FERRY_CONFIG: path });
  const { signal } = new AbortController();
  return await wholePlan(async (sink) => await planOfSync(config, sink, { spendPulls, signal }));
}

function imageOf({ images }: WholePlan, name: string): PlannedImage | undefined {
  return images.find(({ image }) => image === `${source.host}/${name}`);
}

test('ferry plan shows what exists, what would be sent or mounted and what fails, and changes no row', async () => {
  await want('org/new:1', 'org/done:1', 'org/absent:1', 'org/late:1');
  await place.run(
    { kind: 'sqlite', path: join(folder, 'ferry.db') },
    `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform)
      values ('${source.host}', 'org', 'counted:1', 'linux/amd64'), ('docker.io', null, '', null)`,
  );
  await stores.names.claim({
    targetRepository: `${target.host}/org/late`,
    sourceRepository: 'ghcr.io/other/late',
    target: 'private',
  });
  await copy('new', 'org/elsewhere');
  const before = await dump(place, { kind: 'sqlite', path: join(folder, 'ferry.db') });

  const planned = await plan();

  expect(imageOf(planned, 'org/new:1')).toMatchObject({
    state: 'copy',
    targets: [{ target: 'private', reference: `${target.host}/org/new:1`, state: 'copy' }],
  });
  expect(imageOf(planned, 'org/new:1')?.bytesToRead).toBeGreaterThan(300_000);
  expect(imageOf(planned, 'org/done:1')).toMatchObject({ state: 'there', bytesToRead: 0, pulls: 0 });
  expect(imageOf(planned, 'org/absent:1')).toMatchObject({ state: 'stopped', fault: { code: 'repository-missing' } });
  expect(imageOf(planned, 'org/late:1')?.targets).toMatchObject([{ state: 'copy', takenName: 'org/late' }]);
  expect(imageOf(planned, 'org/late:1')?.targets[0]?.reference).toMatch(/\/org\/late-[a-z2-7]{10}:1$/);
  expect(imageOf(planned, 'org/counted:1')).toMatchObject({ state: 'copy', platforms: ['linux/amd64'] });
  expect(planned.refusedRows).toMatchObject([{ reason: expect.stringContaining('orig_image_name is empty') }]);
  expect(planned.totals.images).toEqual({ there: 1, copy: 3, unread: 0, adopt: 0, stopped: 1 });
  expect(planned.totals.takenNames).toBe(1);
  expect(await dump(place, { kind: 'sqlite', path: join(folder, 'ferry.db') })).toEqual(before);
});

test('ferry plan mounts blobs that the target holds elsewhere and counts blobs that were sent before', async () => {
  await want('org/new:1');
  await copy('new', 'org/elsewhere');
  const sent = await plan();
  const bytes = sent.totals.bytesToSend;
  const blobs = (await makeImage({ name: 'new', layers: [200_000, 100_000] })).blobs;
  await stores.blobs.record(
    target.host,
    'org/elsewhere',
    blobs.map(({ digest }) => digest),
  );

  const planned = await plan();

  expect(bytes).toBeGreaterThan(300_000);
  expect(planned.totals).toMatchObject({ bytesToSend: 0, bytesToRead: 0, mounts: { blobs: blobs.length, bytes } });
});

test('ferry plan only checks for images that an older script pushed, also before any run has read its rows', async () => {
  const anywhere = { kind: 'sqlite', path: join(folder, 'ferry.db') } as const;
  for (const [name, platforms] of [
    ['taken', ['linux/amd64']],
    ['half', ['linux/amd64', 'linux/arm64']],
  ] as const) {
    for (const platform of platforms) {
      await place.run(
        anywhere,
        `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform)
          values ('${source.host}', 'org', '${name}:1', '${platform}')`,
      );
    }
    await place.run(
      anywhere,
      `insert into pushed_images (source_registry_url, orig_name_space, orig_image_name, target_registry_url,
          registry_image_name, push_status, platform, image)
        values ('${source.host}', 'org', '${name}:1', '${target.host}', '${target.host}/org/${name}:1', 1, 'linux/amd64',
          '${source.host}/org/${name}:1')`,
    );
  }

  const planned = await plan();

  expect(imageOf(planned, 'org/taken:1')).toMatchObject({ state: 'adopt', pulls: 0 });
  expect(imageOf(planned, 'org/half:1')?.state).not.toBe('adopt');
});

test('ferry plan reads a source that counts pulls only with --spend-pulls, and never books a pull', async () => {
  await want('org/counted:1', 'org/done:1');
  const pulls = { allowance: 80, window: '6h' };

  const free = await plan({ pulls });
  const spent = await plan({ pulls, spendPulls: true });

  expect(imageOf(free, 'org/counted:1')).toMatchObject({ state: 'unread', pulls: 1, targets: [{ state: 'unknown' }] });
  expect(imageOf(free, 'org/done:1')).toMatchObject({ state: 'there', pulls: 0 });
  expect(free.allowances).toEqual([{ host: source.host, pulls: 80, windowMs: 21_600_000, free: 80, needed: 1 }]);
  expect(imageOf(spent, 'org/counted:1')).toMatchObject({ state: 'copy', pulls: 1 });
  expect(await stores.budgets.budgets()).toEqual([]);
});

test("ferry plan identifies a row by the columns that name its image, whatever is in the ferry's own columns", async () => {
  await want('org/done:1', 'org/new:1');
  const anywhere = { kind: 'sqlite', path: join(folder, 'ferry.db') } as const;
  await place.run(anywhere, "update images_for_push set image = 'no image!' where orig_image_name = 'done:1'");
  await place.run(
    anywhere,
    "update images_for_push set image = 'no image!', orig_image_name = '!!' where orig_image_name = 'new:1'",
  );

  const planned = await plan();

  expect(imageOf(planned, 'org/done:1')).toMatchObject({ state: 'there' });
  expect(planned.images).toHaveLength(1);
  expect(planned.refusedRows).toMatchObject([{ reason: expect.stringContaining('!!') }]);
});

test('ferry plan reports outdated tables and does not migrate them', async () => {
  const path = join(folder, 'fresh');
  const config = readConfig({ FERRY_DATA_DIR: path, MY_REGISTRY: target.url });

  const { signal } = new AbortController();
  const planning = wholePlan(async (sink) => await planOfSync(config, sink, { spendPulls: false, signal }));

  await expect(planning).rejects.toThrow('"ferry migrate"');
});

test('ferry plan does not check a target behind a Docker daemon, and reports a target that is not configured', async () => {
  await want('org/done:1');
  await stores.wanted.addWanted([
    {
      reference: parseImageReference(`${source.host}/org/new:1`),
      platform: 'all',
      requestedBy: { by: 'cli' },
      targets: ['gone'],
    },
  ]);

  const planned = await plan({ targets: { lab: { registry: 'lab.invalid', engine: 'docker' } } });

  expect(imageOf(planned, 'org/done:1')).toMatchObject({
    state: 'unread',
    targets: [
      { target: 'private', state: 'there' },
      { target: 'lab', state: 'unknown' },
    ],
  });
  expect(imageOf(planned, 'org/new:1')).toMatchObject({ state: 'stopped', fault: { code: 'configuration' } });
});
