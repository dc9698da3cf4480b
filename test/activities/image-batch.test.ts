import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test, vi } from 'vitest';

import type { SyncImagesHeartbeat } from '../../src/contract/activity-types.js';
import { nothingSettled } from '../../src/contract/settled-images.js';
import { PushStatus } from '../../src/domain/wanted-image.js';
import { placeImage } from '../support/scripted-images.js';
import { answer } from '../support/scripted-registry.js';
import { requestsOf, startActivityStage } from './activity-stage.js';
import type { ActivityStage } from './activity-stage.js';

/** Places images with these names at the source and requests them. */
async function placeWanted(stage: ActivityStage, names: readonly string[], layer = 2000): Promise<readonly string[]> {
  const images = names.map((name) => `${stage.source.host}/team/${name}:v1`);
  for (const name of names) placeImage(stage.source, `team/${name}`, { layers: [randomBytes(layer)] });
  for (const image of images) await stage.want(image);
  return images;
}

function puts(stage: ActivityStage): number {
  return [stage.aliyun, stage.own].reduce((sum, target) => sum + target.count('PUT', /manifests/), 0);
}

describe('an activity for many images', () => {
  test('small images are copied to every target, recorded and counted, and none is left over', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['a', 'b', 'c', 'd', 'e']);

    const { settled, single } = await stage.sync(images);

    expect(single).toEqual([]);
    expect(settled).toMatchObject({ images: 5, pushed: 5, notDone: [] });
    expect(puts(stage)).toBe(10);
    for (const image of images) expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
  });

  test('images that are unchanged cost one HEAD at the source and one at each target', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['a', 'b', 'c']);
    await stage.sync(images);
    for (const image of images) await stage.want(image);
    for (const registry of [stage.source, stage.aliyun, stage.own]) registry.requests.splice(0);

    const { settled, single } = await stage.sync(images);

    expect({ settled, single }).toMatchObject({ settled: { images: 3, pushed: 3 }, single: [] });
    for (const registry of [stage.source, stage.aliyun, stage.own]) {
      expect(requestsOf(registry).toSorted()).toEqual([
        expect.stringMatching(/^HEAD .*\/a(-\w+)?\/manifests\/v1$/),
        expect.stringMatching(/^HEAD .*\/b(-\w+)?\/manifests\/v1$/),
        expect.stringMatching(/^HEAD .*\/c(-\w+)?\/manifests\/v1$/),
      ]);
    }
  });

  test('a large image is left to a workflow of its own, with its plan', async () => {
    const stage = await startActivityStage();
    const [small = ''] = await placeWanted(stage, ['small']);
    const [large = ''] = await placeWanted(stage, ['large'], 9 * 1024 * 1024);

    const { settled, single } = await stage.sync([large, small]);

    expect(settled).toMatchObject({ images: 1, pushed: 1 });
    expect(single).toMatchObject([{ image: large, plan: { kind: 'planned', done: [] } }]);
    expect(await stage.statusOf(large)).toBe(PushStatus.pending);
  });

  test('two repositories that want one name on a target get two, and all tags of one get the same', async () => {
    const stage = await startActivityStage();
    const images = ['a/app:v1', 'a/app:v2', 'b/app:v1', 'b/app:v2'].map((name) => `${stage.source.host}/${name}`);
    for (const name of ['a/app', 'b/app']) {
      for (const tag of ['v1', 'v2']) placeImage(stage.source, name, { tag });
    }
    for (const image of images) await stage.want(image);

    expect(await stage.sync(images)).toMatchObject({ settled: { images: 4, pushed: 4 }, single: [] });

    const tags = [...stage.aliyun.manifests.keys()].filter((name) => /@v\d$/.test(name)).toSorted();
    expect(tags).toHaveLength(4);
    expect(new Set(tags.map((name) => name.split('@')[0])).size).toBe(2);
  });

  test('an announced short wait is left to the workflow of the image, and a long one is recorded with its time', async () => {
    const stage = await startActivityStage();
    const [soon = '', late = '', other = ''] = await placeWanted(stage, ['soon', 'late', 'other']);
    const refuse = (name: RegExp, seconds: string): void =>
      stage.source.when('HEAD', name, ({ response }) => answer(response, 429, { 'retry-after': seconds }));
    refuse(/soon\/manifests/, '20');
    refuse(/late\/manifests/, '7200');

    const { settled, single } = await stage.sync([soon, late, other]);

    expect(single).toMatchObject([{ image: soon, plan: { kind: 'stopped', fault: { code: 'rate-limited' } } }]);
    expect(settled).toMatchObject({ images: 2, pushed: 1, waiting: 1, notDone: [{ image: late }] });
    expect(settled.againAt).toBeGreaterThan(Date.now() + 7_000_000);
  });

  test('an image whose tag is missing, and one without a pending row, are settled', async () => {
    const stage = await startActivityStage();
    placeImage(stage.source, 'team/missing', { tag: 'v2' });
    const missing = `${stage.source.host}/team/missing:v1`;
    await stage.want(missing);

    const { settled, single } = await stage.sync([missing, `${stage.source.host}/team/unwanted:v1`]);

    expect(single).toEqual([]);
    expect(settled).toMatchObject({ images: 1, blocked: 1, notDone: [{ image: missing, code: 'tag-missing' }] });
  });

  test('an image with a target that fails is left with what was copied to the other, and affects no other image', async () => {
    const stage = await startActivityStage();
    const [failing = '', other = ''] = await placeWanted(stage, ['failing', 'other']);
    stage.own.when('PUT', /failing\/manifests/, ({ response }) => answer(response, 503));

    const { settled, single } = await stage.sync([failing, other]);

    expect(settled).toMatchObject({ images: 1, pushed: 1 });
    expect(single).toMatchObject([
      { image: failing, copied: { done: [{ target: 'aliyun' }], open: [{ destination: { target: 'private' } }] } },
    ]);
  });

  test('the next attempt does not repeat what was reported or recorded, and counts it once', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['reported', 'recorded', 'open']);
    const [reported = '', recorded = '', open = ''] = images;
    await stage.sync([reported, recorded]);
    const before = puts(stage);
    const heartbeatDetails: SyncImagesHeartbeat = {
      settled: { ...nothingSettled, images: 1, pushed: 1 },
      single: [],
      over: [reported],
      transfers: [],
    };

    const { settled, single } = await stage.sync(images, new MockActivityEnvironment({ attempt: 2, heartbeatDetails }));

    expect({ settled, single }).toMatchObject({ settled: { images: 3, pushed: 3 }, single: [] });
    expect(puts(stage) - before).toBe(2);
    expect(await stage.statusOf(open)).toBe(PushStatus.pushed);
  });

  test('the next attempt counts what was recorded even if the first one reported nothing', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['a', 'b']);
    await stage.sync(images);

    const { settled } = await stage.sync(images, new MockActivityEnvironment({ attempt: 2 }));

    expect(settled).toMatchObject({ images: 2, pushed: 2 });
  });

  test('the next attempt reports images as blocked that the first one recorded as blocked', async () => {
    const stage = await startActivityStage();
    const [refused = ''] = await placeWanted(stage, ['refused']);
    placeImage(stage.source, 'team/missing', { tag: 'v2' });
    const missing = `${stage.source.host}/team/missing:v1`;
    await stage.want(missing);
    stage.own.when('PUT', /refused\/manifests/, ({ response }) => answer(response, 403));
    const first = await stage.sync([refused, missing]);

    const { settled } = await stage.sync([refused, missing], new MockActivityEnvironment({ attempt: 2 }));

    expect(settled).toMatchObject({ images: 2, blocked: 2 });
    expect(settled.notDone.toSorted((a, b) => a.image.localeCompare(b.image))).toEqual(
      first.settled.notDone.toSorted((a, b) => a.image.localeCompare(b.image)),
    );
  });

  test('a bug that one image uncovers leaves that image to its own workflow, and keeps no other', async () => {
    const stage = await startActivityStage();
    const [odd = '', other = ''] = await placeWanted(stage, ['odd', 'other']);
    const claim = stage.stores.names.claim.bind(stage.stores.names);
    vi.spyOn(stage.stores.names, 'claim').mockImplementation(async (asked) => {
      if (asked.sourceRepository.endsWith('/odd')) throw new TypeError('not a function');
      return await claim(asked);
    });

    const { settled, single } = await stage.sync([odd, other]);

    expect(settled).toMatchObject({ images: 1, pushed: 1 });
    expect(single).toEqual([{ image: odd }]);
  });

  test('a cancelled activity reports what it recorded', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['quick', 'slow']);
    const environment = new MockActivityEnvironment();
    stage.own.when('PUT', /slow\/manifests/, async () => {
      await vi.waitUntil(async () => (await stage.statusOf(images[0] ?? '')) === PushStatus.pushed);
      environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
    });

    expect(await stage.sync(images, environment)).toMatchObject({ settled: { images: 1, pushed: 1 }, single: [] });
  });

  test('a second attempt waits until the first one, which lost its heartbeat, is no longer at work', async () => {
    const stage = await startActivityStage();
    const [image = ''] = await placeWanted(stage, ['stopped']);
    const first = new MockActivityEnvironment();
    stage.own.when(
      'PUT',
      /stopped\/manifests/,
      async ({ ordinary }) => {
        await sleep(100);
        await ordinary();
      },
      1,
    );

    const lost = stage.sync([image], first);
    const second = stage.sync([image], new MockActivityEnvironment({ attempt: 2 }));

    expect(await lost).toMatchObject({ settled: { pushed: 1 } });
    expect(await second).toMatchObject({ settled: { images: 1, pushed: 1 } });
    expect(puts(stage)).toBe(2);
  });

  test('when the database fails, no image of the activity is at work afterwards', async () => {
    const stage = await startActivityStage();
    const images = await placeWanted(stage, ['a', 'b', 'c', 'd']);
    await stage.database.queries.schema.dropTable('run_outcomes').execute();

    // Uploads are cancelled in the background.
    const requests = (): readonly string[] =>
      [stage.source, stage.aliyun, stage.own].flatMap(requestsOf).filter((request) => !request.startsWith('DELETE'));
    await expect(stage.sync(images)).rejects.toThrow(/run_outcomes/);
    // What was sent before the fault arrives.
    await sleep(100);
    const before = requests();
    await sleep(100);

    expect(requests()).toEqual(before);
  });
});
