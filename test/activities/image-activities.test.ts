import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CopyRequest } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createImageActivities } from '../../src/activities/image-activities.js';
import type { ImageActivities, ImagePlan } from '../../src/contract/activity-types.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { Target } from '../../src/domain/target.js';

const image = 'docker.io/library/nginx:1.27';
const digest = `sha256:${'a'.repeat(64)}` as const;
const targets = [target('aliyun'), target('private')];

describe('the plan of an image that is for some of the targets', () => {
  let folder: string;
  let database: FerryDatabase;
  let stores: Stores;
  let planned: CopyRequest[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-plan-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    stores = createStores(database);
    planned = [];
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the plan of an image for some of the targets asks only those that are configured', async () => {
    const plan = await planFor(['private', 'gone']);

    expect(plan).toMatchObject({ kind: 'planned', open: [{ destination: { target: 'private' } }] });
    expect(planned.map((request) => request.targets.map(({ name }) => name))).toEqual([['private']]);
  });

  test('the plan of an image asks all targets when one of its rows is for all', async () => {
    await stores.wanted.addWanted([
      { reference: parseImageReference(image), platform: 'linux/arm64', requestedBy: { by: 'cli' } },
    ]);

    await planFor(['private']);

    expect(planned.map((request) => request.targets.map(({ name }) => name))).toEqual([['aliyun', 'private']]);
  });

  test('the plan of an image is blocked when none of its targets is configured, and names them', async () => {
    const plan = await planFor(['gone', 'lost']);

    expect(plan).toMatchObject({
      kind: 'stopped',
      tagMissing: false,
      fault: { code: 'configuration', decision: 'block' },
    });
    expect(plan.kind === 'stopped' ? plan.fault.reason : '').toMatch(
      /^it is to go to gone, lost only, and no such target is configured: configured are aliyun, private/,
    );
    expect(planned).toEqual([]);
    expect(await stores.names.ownedBy('docker.io/library/nginx', 'aliyun.example.com')).toEqual([]);
  });

  async function planFor(wanted: readonly string[]): Promise<ImagePlan> {
    await stores.wanted.addWanted([
      {
        reference: parseImageReference(image),
        platform: 'linux/amd64',
        requestedBy: { by: 'upstream', id: 'tool' },
        targets: wanted,
      },
    ]);
    const unused = async (): Promise<never> => await Promise.reject(new Error('nothing is there to be adopted'));
    const { planImage } = createImageActivities({
      ...stores,
      daemonWorkers: { arePolling: unused },
      engine: {
        look: async () => await Promise.resolve(undefined),
        isSame: unused,
        contents: unused,
        sourceContents: unused,
        resolve: async () => await Promise.resolve(digest),
        copy: unused,
        plan: async (request) => {
          planned.push(request);
          const absent = request.targets.map(({ name, host, repository, tag }) => ({
            target: name,
            reference: `${host}/${repository}:${tag ?? ''}`,
            digest,
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            platforms: [],
            dropped: [],
            alreadyThere: false,
          }));
          return await Promise.resolve({
            sourceDigest: digest,
            sourceMediaType: 'application/vnd.oci.image.index.v1+json',
            offeredPlatforms: [],
            missingPlatforms: [],
            targets: absent,
            failures: [],
          });
        },
      },
      targets,
      missingTagWaitMs: 0,
      mutableTags: {},
    });
    return await new MockActivityEnvironment().run<
      Parameters<ImageActivities['planImage']>,
      ImagePlan,
      ImageActivities['planImage']
    >(planImage, { image });
  }
});

function target(name: string): Target {
  return {
    name,
    registry: `${name}.example.com`,
    namespace: 'mirror',
    naming: 'aliyun',
    manifestPolicy: 'keep',
    explicitNames: {},
  };
}
