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

    test('the last checks of an upstream are kept with what they found, the newest first', async () => {
      const { stores, sql } = use();
      const { checks } = stores;
      const check = { upstream: 'dify', workflowId: 'fetch-dify', runId: 'r', startedAt: 1 };
      await checks.record({ ...check, id: 'r', fault: 'GitHub did not answer\u001b[2J' });
      await sql('update upstream_checks set finished_at = 1');
      await checks.record({ ...check, id: 'r/2', report: { release: '1.9.0', isNew: true } });
      await checks.record({ ...check, id: 'other', upstream: 'xinference', report: {} });
      await checks.record({ ...check, id: 'r/2', report: { release: '1.9.1', isNew: true } });

      const last = await checks.last('dify', 5);

      expect(last.map(({ id, report }) => [id, report])).toEqual([
        ['r/2', { release: '1.9.1', isNew: true }],
        ['r', undefined],
      ]);
      expect(last[1]?.fault).not.toContain('\u001b');
      expect(await checks.last('dify', 1)).toHaveLength(1);
    });

    test('a session that was signed out stays known, however often it is ended', async () => {
      const { endedSessions } = use().stores;
      await endedSessions.end('one', 1);
      await endedSessions.end('one', 1);

      expect([await endedSessions.hasEnded('one'), await endedSessions.hasEnded('two')]).toEqual([true, false]);
    });

    test('the compose file of a release and its images are stored, and "latest" is the last handled release', async () => {
      const { states, releases } = use().stores;
      const images = [{ service: 'api', image: 'docker.io/langgenius/dify-api:1.10.0' }];
      const compose = { path: 'docker/docker-compose.yaml', text: 'services: {}\r\n# 中文\n' };
      await releases.save('dify', [
        { release: '1.10.0', compose, images },
        { release: '1.9.2', compose, images: [] },
      ]);
      await releases.save('xinference', [{ release: 'v1', images }]);

      expect(await releases.read('dify', '1.10.0')).toMatchObject({ release: '1.10.0', compose, images });
      expect((await releases.read('dify', 'latest'))?.release).toBe('1.10.0');
      expect(await releases.read('xinference', 'latest')).toEqual({
        release: 'v1',
        images,
        storedAt: expect.any(Number),
      });
      expect(await releases.read('dify', '1.0.0')).toBeUndefined();
      expect(await releases.read('other', 'latest')).toBeUndefined();
      expect(await releases.list('dify')).toEqual(['1.10.0', '1.9.2']);
      await states.save('dify', { release: '1.9.2', fingerprint: 'f' });
      expect((await releases.read('dify', 'latest'))?.release).toBe('1.9.2');
    });

    test('100 releases of an upstream are kept, and storing one again keeps it', async () => {
      const { releases } = use().stores;
      const tags = Array.from({ length: 105 }, (_, at) => ({ release: `1.${at}`, images: [] }));
      await releases.save('other', [{ release: '1', images: [] }]);

      await releases.save('dify', tags);
      await releases.save('dify', tags.slice(0, 1));

      expect(await releases.list('dify')).toHaveLength(100);
      expect((await releases.list('dify'))[0]).toBe('1.0');
      expect(await releases.list('other')).toEqual(['1']);
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
