import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseImageReference } from '@image-ferry/registry/reference';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createCopyActivities } from '../../src/activities/copy-activities.js';
import { createImageActivities } from '../../src/activities/image-activities.js';
import { createCopyEngine } from '../../src/composition/copy-engine.js';
import type { ImagePlan } from '../../src/contract/activity-types.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { Target } from '../../src/domain/target.js';
import { placeImage, placeIndex } from '../support/scripted-images.js';
import type { PlacedManifest } from '../support/scripted-images.js';
import type { ScriptedRegistry } from '../support/scripted-registry.js';
import { clientFor, repository, sourceAndTwoTargets } from '../support/scripted-set-up.js';

type Planned = Extract<ImagePlan, { kind: 'planned' }>;

describe('an image that was copied once and is wanted again', () => {
  let folder: string;
  let database: FerryDatabase;
  let stores: Stores;
  let source: ScriptedRegistry;
  let places: readonly ScriptedRegistry[];
  let image: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-unchanged-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    stores = createStores(database);
    const [from, left, right] = await sourceAndTwoTargets();
    [source, places] = [from, [left, right]];
    image = `${source.host}/${repository}:v1`;
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an image that was copied once and is wanted again costs one HEAD at its source and one at each target while nothing moved', async () => {
    placeTwoPlatforms();
    await want('linux/amd64');
    await want('linux/s390x');
    await sync();
    const recorded = await stores.pushed.knownCopies(image);

    const after = await sync();

    expect(requestsOf(source)).toEqual([`HEAD /v2/${repository}/manifests/v1`]);
    for (const place of places) expect(requestsOf(place)).toEqual(['HEAD /v2/mirror/app/manifests/v1']);
    expect(after.open).toEqual([]);
    expect(after.missingPlatforms).toEqual(['linux/s390x']);
    expect(after.done).toMatchObject([
      { target: 'left', platforms: [{ platform: 'linux/amd64' }] },
      { target: 'right', platforms: [{ platform: 'linux/amd64' }] },
    ]);
    expect(await stores.pushed.knownCopies(image)).toEqual(recorded);
  });

  test('an image that was copied once is compared in full on the target whose tag moved, and is done on the other target', async () => {
    placeTwoPlatforms();
    await want('linux/amd64');
    await sync();
    const [left] = places;
    left?.manifests.delete('mirror/app@v1');

    const after = await sync();

    expect(after.open.map(({ destination }) => destination.target)).toEqual(['left']);
    expect(after.done.map(({ target }) => target)).toEqual(['right']);
  });

  test('an image that was copied once is compared below its tags when a user retries it', async () => {
    placeTwoPlatforms();
    await want('linux/amd64');
    await want('linux/arm64');
    await sync();
    const [left, right] = places;
    const index = JSON.parse(String(left?.manifest('mirror/app', 'v1')?.bytes)) as { manifests: { digest: string }[] };
    const [{ digest } = { digest: '' }] = index.manifests;
    left?.manifests.delete(`mirror/app@${digest}`);
    const [lost = ''] = [...(right?.blobs.keys() ?? [])];
    right?.blobs.delete(lost);

    const unasked = await sync();
    await stores.actions.retry(image);
    const asked = await sync();
    const again = await sync();

    expect(unasked.open).toEqual([]);
    expect(asked.open.map(({ destination }) => destination.target)).toEqual(['left', 'right']);
    expect(left?.manifest('mirror/app', digest)).toBeDefined();
    expect(right?.blobs.has(lost)).toBe(true);
    expect(again.open).toEqual([]);
  });

  const changes: readonly [string, () => unknown, Partial<Target>][] = [
    ['its source moved', () => placeTwoPlatforms(), {}],
    ['another platform is wanted', () => want('linux/arm64'), {}],
    ['the manifest policy is another one', () => undefined, { manifestPolicy: 'fail' }],
    ['its referrers are wanted', () => undefined, { referrers: true }],
  ];

  test.each(changes)('an image that was copied once is compared in full when %s', async (_, change, settings) => {
    placeTwoPlatforms();
    await want('linux/amd64');
    await sync();
    await change();

    await sync(settings);

    const reads = [source, ...places].reduce((count, place) => count + place.count('GET', /manifests|referrers/), 0);
    expect(reads).toBeGreaterThan(0);
  });

  function placeTwoPlatforms(): PlacedManifest {
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    const arm64 = placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' });
    return placeIndex(source, repository, [amd64, arm64]);
  }

  async function want(platform: string): Promise<void> {
    await stores.wanted.addWanted([{ reference: parseImageReference(image), platform, requestedBy: { by: 'cli' } }]);
  }

  /** Plans, copies and records as SyncImage does, by a worker that has seen nothing before. */
  async function sync(settings: Partial<Target> = {}): Promise<Planned> {
    const targets = ['left', 'right'].map((name, n) => targetAt(name, places[n]?.host ?? '', settings));
    const client = clientFor([source, ...places]);
    const daemonWorkers = { arePolling: async () => await Promise.resolve(undefined) };
    const engine = createCopyEngine(client);
    const ports = { ...stores, engine, daemonWorkers, targets, missingTagWaitMs: 0, mutableTags: {} };
    const { planImage, recordImage } = createImageActivities(ports);
    const { copyImage } = createCopyActivities(ports);
    const run = async <Input, Result>(activity: (input: Input) => Promise<Result>, input: Input): Promise<Result> =>
      await new MockActivityEnvironment().run(activity, input);

    for (const registry of [source, ...places]) registry.requests.length = 0;
    await stores.wanted.addWanted([
      { reference: parseImageReference(image), platform: 'linux/amd64', requestedBy: { by: 'cli' } },
    ]);
    const plan = await run(planImage, { image });
    if (plan.kind !== 'planned' || plan.sourceDigest === undefined) {
      throw new TypeError(`planned nothing: ${JSON.stringify(plan)}`);
    }
    const destinations = plan.open.map(({ destination }) => destination);
    const { sourceDigest, platforms, missingPlatforms, rows, readAt } = plan;
    const force = plan.force === true ? { force: plan.force } : {};
    const copied =
      destinations.length === 0
        ? []
        : (await run(copyImage, { image, sourceDigest, platforms, destinations, ...force })).done;
    const outcome = { image, sourceDigest, rows, targets: [...plan.done, ...copied], missingPlatforms, bytesRead: 0 };
    await run(recordImage, { outcome, run: 'run', readAt });
    return plan;
  }
});

function requestsOf(registry: ScriptedRegistry): readonly string[] {
  return registry.requests.map(({ method, path }) => `${method} ${path}`);
}

function targetAt(name: string, registry: string, settings: Partial<Target>): Target {
  return {
    name,
    registry,
    namespace: 'mirror',
    naming: 'aliyun',
    manifestPolicy: 'keep',
    explicitNames: {},
    ...settings,
  };
}
