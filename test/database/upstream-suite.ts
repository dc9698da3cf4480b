import { describe, expect, test } from 'vitest';

import { eachWithStores, imageRequest, notPushed, pendingIn, syncImage } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const dayMs = 24 * 60 * 60 * 1_000;
const image = 'docker.io/xprobe/xinference:v9.9.9';
const tagMissing = {
  state: 'blocked',
  code: 'tag-missing',
  reason: 'not there for 72 hours',
  tagMissing: true,
} as const;

export function upstreamSuite(placeOf: PlaceOf): void {
  describe('upstreams', () => {
    const use = eachWithStores(placeOf);

    test('the last handled release of an upstream is stored with its ETag', async () => {
      const { states } = use().stores;
      await states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });
      await states.save('dify', { release: '1.9.1', etag: 'W/"two"', fingerprint: 'f2' });

      const state = await states.read('dify');

      expect(state).toEqual({ release: '1.9.1', etag: 'W/"two"', fingerprint: 'f2' });
    });

    test('an upstream that was never checked has no state', async () => {
      const state = await use().stores.states.read('dify');

      expect(state).toBeUndefined();
    });

    test('an ETag older than a week is not used, but the release is', async () => {
      const { stores, sql } = use();
      await stores.states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });
      await sql(`update upstreams set etag_since = etag_since - ${8 * dayMs}`);

      const state = await stores.states.read('dify');

      expect(state).toEqual({ release: '1.9.0', fingerprint: 'f1' });
    });

    test('the week of an ETag starts when the whole listing was read, even if the ETag was received again', async () => {
      const { stores, sql } = use();
      await stores.states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });
      await sql(`update upstreams set etag_since = etag_since - ${6 * dayMs}`);
      await stores.states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });
      await sql(`update upstreams set etag_since = etag_since - ${2 * dayMs}`);

      const state = await stores.states.read('dify');

      expect(state?.etag).toBeUndefined();
    });

    test('an ETag that is received again after its week starts a new week', async () => {
      const { stores, sql } = use();
      await stores.states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });
      await sql(`update upstreams set etag_since = etag_since - ${8 * dayMs}`);
      await stores.states.save('dify', { release: '1.9.0', etag: 'W/"one"', fingerprint: 'f1' });

      const state = await stores.states.read('dify');

      expect(state?.etag).toBe('W/"one"');
    });

    test('an image that is blocked because its tag was missing is pending again', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest(image, 'linux/amd64', 'upstream')]);
      await syncImage(stores, image, { sourceFault: tagMissing });

      const revived = await stores.states.reviveMissing([{ image, platform: 'linux/amd64' }]);

      expect(revived).toEqual([{ image, platform: 'linux/amd64' }]);
      expect(await rows('select push_status, blocked_code, first_missing_at from images_for_push')).toEqual([
        { push_status: 0, blocked_code: null, first_missing_at: null },
      ]);
      expect(await pendingIn(stores, { since: 0, limit: 5 })).toEqual([{ image, explicit: false }]);
    });

    test('an image that is blocked for another reason stays blocked', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest(image, 'linux/amd64', 'upstream')]);
      await syncImage(stores, image, {
        targets: [notPushed('aliyun', 'blocked', 'no such user'), notPushed('private', 'blocked', 'no such user')],
      });

      const revived = await stores.states.reviveMissing([{ image, platform: 'linux/amd64' }]);

      expect(revived).toEqual([]);
      expect(await rows('select push_status from images_for_push')).toEqual([{ push_status: 2 }]);
    });
  });
}
