import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { createImageActivities } from '../../src/activities/image-activities.js';
import { createCopyEngine } from '../../src/composition/copy-engine.js';
import type { ImageActivities, ImagePlan } from '../../src/contract/activity-types.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/migrate.js';
import type { Stores } from '../../src/database/stores.js';
import { createStores } from '../../src/database/stores.js';
import { parseImageReference } from '../../src/domain/image-reference.js';
import type { Target } from '../../src/domain/target.js';
import { placeImage } from '../support/scripted-images.js';
import type { ScriptedRegistry } from '../support/scripted-registry.js';
import { clientFor, startScripted } from '../support/scripted-set-up.js';

let source: ScriptedRegistry;
let aliyun: ScriptedRegistry;
let own: ScriptedRegistry;
let targets: Target[];
let stores: Stores;
let activities: ImageActivities;

beforeEach(async () => {
  [source, aliyun, own] = await Promise.all([startScripted(), startScripted(), startScripted()]);
  targets = [targetAt('aliyun', aliyun), targetAt('private', own)];
  const folder = mkdtempSync(join(tmpdir(), 'ferry-plan-image-'));
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await migrate(database);
  stores = createStores(database);
  const engine = createCopyEngine(clientFor([source, aliyun, own]));
  activities = createImageActivities({ ...stores, engine, targets, missingTagWaitMs: 0 });
});

describe('a name on a target', () => {
  test('is not taken by an image that its source does not have: the right one still gets the plain name', async () => {
    placeImage(source, 'team/app');

    const mistyped = await planOf(`${source.host}/typo/app:v1`);
    const right = await planOf(`${source.host}/team/app:v1`);

    expect(mistyped).toMatchObject({ kind: 'stopped' });
    expect(repositoriesOf(right)).toEqual(['mirror/app', 'mirror/app']);
  });

  test('nor by one that is asked for by a digest that its source does not have', async () => {
    const mistyped = await planOf(`${source.host}/typo/app@sha256:${'1'.repeat(64)}`);

    expect(mistyped).toMatchObject({ kind: 'stopped', fault: { code: 'repository-missing' } });
    expect(await stores.names.ownedBy(`${source.host}/typo/app`, aliyun.host)).toEqual([]);
  });
});

describe('the requests of a plan', () => {
  test('an unchanged image costs its source one HEAD, and so does a new one before its manifest is read', async () => {
    const { digest, mediaType, bytes } = placeImage(source, 'team/app');
    await planOf(`${source.host}/team/app:v1`);
    const first = requestsOf(source);
    for (const registry of [aliyun, own]) registry.putManifest('mirror/app', 'v1', { mediaType, bytes });
    source.requests.length = 0;

    const plan = await planOf(`${source.host}/team/app:v1`);

    expect(first.filter((request) => request.startsWith('HEAD'))).toEqual(['HEAD /v2/team/app/manifests/v1']);
    expect(requestsOf(source)).toEqual(['HEAD /v2/team/app/manifests/v1']);
    expect(plan).toMatchObject({ kind: 'planned', sourceDigest: digest, open: [] });
  });

  test('the source is not asked while every target is away', async () => {
    placeImage(source, 'team/app');
    await planOf(`${source.host}/team/app:v1`);
    await Promise.all([aliyun.stop(), own.stop()]);
    await planOf(`${source.host}/team/app:v1`, { lastRound: true });
    source.requests.length = 0;

    const plan = await planOf(`${source.host}/team/app:v1`);

    expect(requestsOf(source)).toEqual([]);
    expect(plan).toMatchObject({
      kind: 'left',
      left: [
        { target: 'aliyun', fault: { code: 'unreachable', again: 'next-pass' } },
        { target: 'private', fault: { code: 'unreachable', again: 'next-pass' } },
      ],
    });
  });
});

async function planOf(image: string, options: { readonly lastRound?: boolean } = {}): Promise<ImagePlan> {
  const reference = parseImageReference(image);
  await stores.wanted.addWanted([{ reference, platform: 'linux/amd64', requestedBy: { by: 'cli' } }]);
  return await new MockActivityEnvironment().run<
    Parameters<ImageActivities['planImage']>,
    ImagePlan,
    ImageActivities['planImage']
  >(activities.planImage, { image, ...options });
}

function repositoriesOf(plan: ImagePlan): readonly string[] {
  return plan.kind === 'planned' ? plan.open.map(({ destination }) => destination.repository) : [];
}

function requestsOf({ requests }: ScriptedRegistry): readonly string[] {
  return requests.map(({ method, path }) => `${method} ${path}`);
}

function targetAt(name: string, { host }: ScriptedRegistry): Target {
  return {
    name,
    registry: host,
    namespace: 'mirror',
    naming: 'aliyun',
    manifestPolicy: 'keep',
    explicitNames: {},
  };
}
