import { describe, expect, test } from 'vitest';

import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import type { WantedRequest } from '../../src/domain/wanted-image.js';
import { eachWithStores, imageRequest, pendingIn, pushed, syncImage, targets } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const onAliyun = pushed('aliyun', 'nginx:1.27');
const onPrivate = pushed('private', 'nginx:1.27');

export function wantedTargetsSuite(placeOf: PlaceOf): void {
  describe('requests for some of the targets', () => {
    const use = eachWithStores(placeOf);
    const status = async (): Promise<unknown[]> =>
      await use().rows('select push_status, targets from images_for_push order by id');

    test('an image is pushed when all of its targets have it, and a run uses no other target', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([found(['aliyun', 'aliyun'])]);

      await syncImage(stores, nginx, { targets: [onAliyun] });

      expect(await status()).toEqual([{ push_status: 1, targets: '["aliyun"]' }]);
      expect((await stores.wanted.wantedRows(nginx)).rows).toMatchObject([{ targets: ['aliyun'] }]);
      expect((await stores.status.status(nginx)).wanted).toMatchObject([{ targets: ['aliyun'] }]);
      expect(await rows('select target from image_copies')).toEqual([{ target: 'aliyun' }]);
    });

    test('a fault of the source is recorded only for the image’s targets', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([found(['private'])]);

      await syncImage(stores, nginx, {
        sourceFault: { state: 'waiting', code: 'rate-limited', reason: 'later', tagMissing: false },
      });

      expect(await rows('select target, state from image_copies')).toEqual([{ target: 'private', state: 'waiting' }]);
    });

    test.each([
      ['by an upstream for all targets', found(), null],
      ['by a person', imageRequest(nginx), null],
      ['by an upstream for another target', found(['private']), '["aliyun","private"]'],
    ])(
      'a pushed image that is requested again %s is pending again for the other targets',
      async (_how, again, column) => {
        const { stores } = use();
        await stores.wanted.addWanted([found(['aliyun'])]);
        await syncImage(stores, nginx, { targets: [onAliyun] });

        const results = await stores.wanted.addWanted([again]);
        const renewed = await status();
        await syncImage(stores, nginx, { targets: [onAliyun, onPrivate] });

        expect(results).toMatchObject([{ outcome: 'renewed', previous: 1 }]);
        expect(renewed).toEqual([{ push_status: 0, targets: column }]);
        expect(await status()).toEqual([{ push_status: 1, targets: column }]);
      },
    );

    test('a pushed image that an upstream requests again for its own targets does not change', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['aliyun', 'private']), found(['aliyun'])]);
      await syncImage(stores, nginx, { targets: [onAliyun, onPrivate] });

      const [result] = await stores.wanted.addWanted([found(['private'])]);

      expect(result).toMatchObject({ outcome: 'already-pending', previous: 1 });
      expect(await status()).toEqual([{ push_status: 1, targets: '["aliyun","private"]' }]);
    });

    test('an image for all targets is not limited by a later request', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found()]);

      await stores.wanted.addWanted([found(['aliyun'])]);

      expect(await status()).toEqual([{ push_status: 0, targets: null }]);
    });

    test('a blocked image is retried if it gets a target that was never tried', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['gone'])]);
      await syncImage(stores, nginx, { sourceFault: noTarget });
      const before = await status();

      const [result] = await stores.wanted.addWanted([found(['aliyun'])]);

      expect(before).toEqual([{ push_status: 2, targets: '["gone"]' }]);
      expect(result).toMatchObject({ outcome: 'renewed', previous: 2 });
      expect(await status()).toEqual([{ push_status: 0, targets: '["aliyun","gone"]' }]);
    });

    test('a withdrawn image stays withdrawn, whatever targets an upstream requests', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);
      await stores.actions.remove(nginx);

      await stores.wanted.addWanted([found()]);

      expect(await status()).toEqual([{ push_status: 3, targets: '["aliyun"]' }]);
    });

    test('a request for more targets while the image is copied is processed in the same run', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);
      const { startedAt } = await stores.runs.begin({ id: 'run-1', reasons: [] });
      const { readAt } = await stores.wanted.wantedRows(nginx);
      const meanwhile = async (): Promise<void> => {
        await expect.poll(async () => (await stores.wanted.wantedRows('none')).readAt).toBeGreaterThan(readAt + 5);
        await stores.wanted.addWanted([found()]);
      };

      await syncImage(stores, nginx, { targets: [onAliyun] }, { meanwhile });

      expect(await status()).toEqual([{ push_status: 0, targets: null }]);
      expect(await pendingIn(stores, { since: startedAt, limit: 5 })).toMatchObject([{ image: nginx }]);
    });

    test('another platform for all targets extends the whole image to all targets', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);
      await syncImage(stores, nginx, { targets: [onAliyun] });
      await stores.wanted.addWanted([imageRequest(nginx, 'linux/arm64')]);

      await syncImage(stores, nginx, { targets: [onAliyun] });

      expect(await status()).toEqual([
        { push_status: 1, targets: '["aliyun"]' },
        { push_status: 0, targets: null },
      ]);
    });

    test('a row of another program for the same image extends it to all targets', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);
      await syncImage(stores, nginx, { targets: [onAliyun] });

      await sql(`insert into images_for_push (orig_image_name) values ('nginx:1.27')`);
      await stores.wanted.normalizeRows();

      expect(await status()).toEqual([
        { push_status: 0, targets: null },
        { push_status: 0, targets: null },
      ]);
    });

    test('a row whose name another program changes has all targets', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);

      await sql(`update images_for_push set orig_image_name = 'nginx:1.28'`);
      await stores.wanted.wantedRows(nginx);
      await stores.wanted.normalizeRows();

      expect(await status()).toEqual([{ push_status: 0, targets: null }]);
    });

    test('an image without a configured target is blocked with the reason', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([found(['gone'])]);

      await syncImage(stores, nginx, { sourceFault: noTarget });

      expect(await rows('select push_status, blocked_code, blocked_reason from images_for_push')).toEqual([
        { push_status: 2, blocked_code: 'configuration', blocked_reason: noTarget.reason },
      ]);
      expect(await rows('select target from image_copies')).toEqual([]);
      expect(await rows(`select state, code from run_outcomes where target = ''`)).toEqual([
        { state: 'blocked', code: 'configuration' },
      ]);
    });

    test('an invalid list in the targets column is read as an unknown target', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);

      await sql(`update images_for_push set targets = 'aliyun, private'`);

      expect((await stores.wanted.wantedRows(nginx)).rows).toMatchObject([{ targets: ['aliyun, private'] }]);
    });

    test('a backfill does not change images without the target', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([found(['aliyun'])]);
      await syncImage(stores, nginx, { targets: [onAliyun] });

      const ofPrivate = await stores.actions.backfill({ name: 'private' });

      expect(ofPrivate).toBe(0);
      expect(await status()).toEqual([{ push_status: 1, targets: '["aliyun"]' }]);
    });

    test('an image that older scripts pushed to all of its targets is adopted until it gets more targets', async () => {
      const { stores, sql, rows } = use();
      await sql(`insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
        registry_image_name, platform, push_status) values ('docker.io', 'aliyun.example.com', 'library', 'nginx:1.27',
        'aliyun.example.com/mirror/nginx:1.27', 'linux/amd64', 1)`);
      await stores.wanted.addWanted([found(['aliyun'])]);
      await stores.wanted.normalizeRows();
      const digests = [{ target: 'aliyun', digest: `sha256:${'a'.repeat(64)}` }];

      const [candidate] = await stores.pushed.adoptionCandidates({ targets, after: beforeFirstRow, limit: 5 });
      if (candidate === undefined) throw new Error('the row is no candidate');
      await stores.wanted.addWanted([found()]);
      await stores.pushed.recordAdoption(candidate, digests);
      const afterWider = await rows('select push_status from images_for_push');
      await sql(`update images_for_push set targets = '["aliyun"]'`);
      await stores.pushed.recordAdoption(candidate, digests);

      expect(candidate.copies.map(({ target }) => target)).toEqual(['aliyun']);
      expect(afterWider).toEqual([{ push_status: 0 }]);
      expect(await rows('select push_status from images_for_push')).toEqual([{ push_status: 1 }]);
    });
  });
}

const noTarget = {
  state: 'blocked',
  code: 'configuration',
  reason: 'it is to go to gone only',
  tagMissing: false,
} as const;

function found(wanted?: readonly string[]): WantedRequest {
  const request = imageRequest(nginx, 'linux/amd64', 'upstream');
  return wanted === undefined ? request : { ...request, targets: wanted };
}
