import { describe, expect, test } from 'vitest';

import { openDatabaseReadOnly } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import { eachWithStores, imageRequest, notPushed, pendingIn, pushed, syncImage } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';
const redis = 'docker.io/library/redis:7';

export function consoleSuite(placeOf: PlaceOf): void {
  describe('what people see and do', () => {
    const use = eachWithStores(placeOf);

    /** nginx is pushed, redis blocked, busybox waits, alpine was not tried. */
    async function mixedRun({ stores }: Fixture): Promise<void> {
      await stores.wanted.addWanted([
        imageRequest('nginx:1.27'),
        imageRequest('redis:7'),
        imageRequest('busybox:1'),
        imageRequest('alpine:3'),
      ]);
      await stores.runs.begin({ id: 'run-1', reasons: ['schedule'] });
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
      await syncImage(stores, redis, {
        targets: [pushed('aliyun', 'redis:7'), notPushed('private', 'blocked', 'denied')],
      });
      await syncImage(stores, 'docker.io/library/busybox:1', {
        sourceFault: { state: 'waiting', code: 'tag-missing', reason: 'not yet', tagMissing: true },
      });
      await stores.runs.finish({ id: 'run-1', summary: { images: 3 } });
    }

    test('the overview counts rows, copies and reasons, and shows the last run', async () => {
      await mixedRun(use());

      const overview = await use().stores.status.overview();

      expect(overview).toMatchObject({
        wanted: { pending: 2, pushed: 1, blocked: 1, withdrawn: 0 },
        waiting: 1,
        targets: [
          { target: 'aliyun', copies: { pushed: 2, waiting: 1 } },
          { target: 'private', copies: { pushed: 1, blocked: 1, waiting: 1 } },
        ],
        blockedBy: [{ code: 'denied', rows: 1 }],
        lastRun: {
          run: 'run-1',
          images: { pushed: 1, blocked: 1, waiting: 1 },
          bytesRead: 15_000,
          bytesSent: 3_000,
          summary: { images: 3 },
        },
      });
    });

    test('a run lists incomplete images with the reasons', async () => {
      await mixedRun(use());

      const notDone = await use().stores.status.notDone('run-1');

      expect(notDone).toEqual([
        {
          image: 'docker.io/library/busybox:1',
          target: 'aliyun',
          state: 'waiting',
          code: 'tag-missing',
          reason: 'not yet',
        },
        {
          image: 'docker.io/library/busybox:1',
          target: 'private',
          state: 'waiting',
          code: 'tag-missing',
          reason: 'not yet',
        },
        { image: redis, target: 'private', state: 'blocked', code: 'denied', reason: 'denied' },
      ]);
    });

    test('lists of images and runs continue page by page', async () => {
      const { stores } = use();
      await mixedRun(use());

      const first = await stores.status.listWanted('wanted', { limit: 3 });
      const second = await stores.status.listWanted('wanted', { limit: 3, after: first.next ?? 0 });

      expect(first.items).toHaveLength(3);
      expect(second.items).toHaveLength(1);
      expect(second.next).toBeUndefined();
    });

    test('each list of images contains the rows of its state', async () => {
      const { status: desk } = use().stores;
      await mixedRun(use());

      const blocked = await desk.listWanted('blocked');
      const waiting = await desk.listWanted('waiting');
      const copies = await desk.listPushed();

      expect(blocked.items).toMatchObject([{ image: redis, state: 'blocked', code: 'denied', reason: 'denied' }]);
      expect(waiting.items).toMatchObject([
        { image: 'docker.io/library/busybox:1', state: 'pending', open: ['waiting'], reason: 'not yet' },
      ]);
      expect(blocked.items[0]).not.toHaveProperty('open');
      expect(copies.items.map(({ name, image }) => [name, image])).toEqual([
        ['aliyun.example.com/mirror/nginx:1.27', nginx],
        ['private.example.com/mirror/nginx:1.27', nginx],
        ['aliyun.example.com/mirror/redis:7', redis],
      ]);
    });

    test('one image is shown with its requester, its copies and its pushed names', async () => {
      await mixedRun(use());

      const status = await use().stores.status.status(redis);

      expect(status).toMatchObject({
        wanted: [{ platform: 'linux/amd64', state: 'blocked', requestedBy: { by: 'cli' } }],
        copies: [
          { target: 'aliyun', state: 'pushed', reference: 'aliyun.example.com/mirror/redis:7' },
          { target: 'private', state: 'blocked', reason: 'denied' },
        ],
        pushed: [{ name: 'aliyun.example.com/mirror/redis:7', platforms: [{ platform: 'linux/amd64' }] }],
      });
    });

    test('an unwanted image has an empty status', async () => {
      expect(await use().stores.status.status('docker.io/library/none:1')).toEqual({
        image: 'docker.io/library/none:1',
        wanted: [],
        copies: [],
        pushed: [],
        events: [],
      });
    });

    test('a retry makes one image, or all blocked rows, pending as an explicit request', async () => {
      const { stores } = use();
      await mixedRun(use());

      expect(await stores.actions.retry({ blocked: true })).toEqual({ images: 1, rows: 1 });
      expect(await stores.actions.retry(nginx)).toEqual({ images: 1, rows: 1 });
      expect(await stores.actions.retry('docker.io/library/none:1')).toEqual({ images: 0, rows: 0 });

      const pending = await pendingIn(stores, { since: 0, limit: 10 });
      expect(pending).toContainEqual({ image: redis, explicit: true });
      expect(pending).toContainEqual({ image: nginx, explicit: true });
    });

    test('a retry reads a blocked row without a valid image again', async () => {
      const { stores, sql } = use();
      await sql(`insert into images_for_push (orig_image_name) values ('Nginx')`);
      await stores.wanted.normalizeRows();
      await sql(`update images_for_push set orig_image_name = 'nginx:1.27'`);

      await stores.actions.retry({ blocked: true });
      await stores.wanted.normalizeRows();

      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(1);
    });

    test('a removed image is not pending, not listed as wanted, and not retried', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('nginx:1.27', 'linux/arm64')]);

      expect(await stores.actions.remove(nginx)).toEqual({ images: 1, rows: 2 });
      await stores.actions.retry(nginx);

      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([]);
      expect((await stores.status.listWanted('wanted')).items).toEqual([]);
    });

    test('copies of removed images are not counted', async () => {
      const { stores } = use();
      await mixedRun(use());

      await stores.actions.remove(nginx);

      expect((await stores.status.overview()).targets).toMatchObject([
        { target: 'aliyun', copies: { pushed: 1, waiting: 1 } },
        { target: 'private', copies: { blocked: 1, waiting: 1 } },
      ]);
    });

    test('rows without a valid image are removed by the listed text or by their ID', async () => {
      const { stores, sql } = use();
      await sql(`insert into images_for_push (source_registry_url, orig_image_name) values
        ('docker.io', 'Nginx:bad'), ('docker.io', 'Redis:bad'), ('user:hunter2@ghcr.io', 'app:1')`);
      await stores.wanted.normalizeRows();
      const { items } = await stores.status.listWanted('blocked');

      expect(items.map(({ image }) => image)).toEqual([
        'docker.io/Nginx:bad',
        'docker.io/Redis:bad',
        'user:***@ghcr.io/app:1',
      ]);
      expect(JSON.stringify(items)).not.toContain('hunter2');
      expect(await stores.actions.removeRow('docker.io/Nginx:bad')).toEqual({ images: 1, rows: 1 });
      expect(await stores.actions.removeRow(items[1]?.id ?? 0)).toEqual({ images: 1, rows: 1 });
      expect(await stores.actions.removeRow('docker.io/Nginx:bad')).toEqual({ images: 0, rows: 0 });
      expect((await stores.status.listWanted('blocked')).items).toHaveLength(1);
    });

    test('a withdrawn row without a valid image stays withdrawn until it is pending again', async () => {
      const { stores, sql } = use();
      await sql(`insert into images_for_push (orig_image_name) values ('Nginx:bad')`);
      await stores.wanted.normalizeRows();
      await stores.actions.removeRow('docker.io/Nginx:bad');
      await sql(`insert into images_for_push (orig_image_name, push_status) values ('Redis:bad', 3)`);

      expect((await stores.wanted.normalizeRows()).refused).toBe(0);
      expect((await stores.wanted.normalizeRows()).refused).toBe(0);
      expect((await stores.status.listWanted('wanted')).items).toEqual([]);
      expect((await stores.status.listWanted('withdrawn')).items.map(({ image }) => image)).toEqual([
        'docker.io/Nginx:bad',
        'docker.io/Redis:bad',
      ]);

      await sql(`update images_for_push set push_status = 0 where orig_image_name = 'Nginx:bad'`);
      await stores.wanted.normalizeRows();
      expect((await stores.status.listWanted('blocked')).items).toHaveLength(1);
    });

    test('40,000 rows are listed at once with their reasons', async () => {
      const { stores, sql } = use();
      const digits = (name: string): string =>
        `(select 0 as d ${Array.from({ length: 9 }, (_, n) => `union all select ${n + 1}`).join(' ')}) ${name}`;
      const numbers = `(select a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d as n
        from ${['a', 'b', 'c', 'd', 'e'].map(digits).join(', ')} where e.d < 4) numbers`;
      const text = placeOf().kind === 'mysql' ? `concat('docker.io/library/app:', n)` : `'docker.io/library/app:' || n`;
      await sql(`insert into images_for_push (orig_image_name, push_status, ferry_status, image, image_key)
        select 'app', 0, 0, ${text}, n from ${numbers}`);
      await sql(`insert into image_copies (image, target, state, code, reason, attempts, last_tried_at)
        select ${text}, 'aliyun', 'waiting', 'busy', 'not yet', 1, 1 from ${numbers}`);

      const { items } = await stores.status.listWanted('waiting', { limit: 1_000_000 });

      expect(items).toHaveLength(40_000);
      expect(new Set(items.map(({ reason }) => reason))).toEqual(new Set(['not yet']));
    });

    test('a backfill makes pending what the new target does not have', async () => {
      const { stores } = use();
      await mixedRun(use());

      expect(await stores.actions.backfill({ name: 'aliyun' })).toBe(0);
      expect(await stores.actions.backfill({ name: 'third' })).toBe(1);

      const pending = await pendingIn(stores, { since: 0, limit: 10 });
      expect(pending).toContainEqual({ image: nginx, explicit: false });
    });

    test('rows that no run has read yet are shown by their columns, and the queries change nothing', async () => {
      const { stores, sql, rows, settings } = use();
      await mixedRun(use());
      await sql(`insert into images_for_push (source_registry_url, orig_image_name) values ('docker.io', 'mariadb:11');
        insert into images_for_push (source_registry_url, orig_image_name) values ('docker.io', 'Nginx:bad');
        insert into pushed_images (source_registry_url, orig_image_name, target_registry_url, registry_image_name)
          values ('docker.io', 'mariadb:11', 'old.example.com', 'mirror/mariadb:11');
        update images_for_push set push_status = 0 where image = '${redis}';
        update images_for_push set push_status = 0, orig_image_name = 'nginx:1.28' where image = '${nginx}'`);
      const all = async () => [
        await rows('select * from images_for_push order by id'),
        await rows('select * from pushed_images order by id'),
      ];
      const before = await all();

      const database = await openDatabaseReadOnly(settings);
      const queries = createStores(database).status;
      const { items } = await queries.listWanted('wanted');
      const overview = await queries.overview();
      const mariadb = await queries.status('docker.io/library/mariadb:11');
      const nginxNow = await queries.status(nginx);
      const renamed = await queries.status('docker.io/library/nginx:1.28');
      await database.close();

      const unread = items.filter(({ note }) => note?.includes('the next sync run reads it'));
      expect(unread.map(({ image, state, code }) => [image, state, code])).toEqual([
        ['docker.io/library/nginx:1.28', 'pending', undefined],
        [redis, 'pending', undefined],
        ['docker.io/library/mariadb:11', 'pending', undefined],
        ['docker.io/Nginx:bad', 'pending', 'invalid-reference'],
      ]);
      expect(unread.at(-1)?.reason).toContain('the next sync run blocks this row');
      expect(overview).toMatchObject({ unread: 4, wanted: { pending: 6, pushed: 0, blocked: 0 } });
      expect(mariadb.wanted).toMatchObject([{ state: 'pending', platform: 'linux/amd64' }]);
      expect(mariadb.pushed).toMatchObject([{ name: 'old.example.com/mirror/mariadb:11', unverified: true }]);
      expect(nginxNow.wanted).toEqual([]);
      expect(renamed.wanted).toMatchObject([{ state: 'pending' }]);
      expect(await all()).toEqual(before);
      await stores.wanted.normalizeRows();
      expect(await stores.status.overview()).not.toHaveProperty('unread');
    });

    test('an invalid JSON column does not prevent reading other rows', async () => {
      const { stores, sql } = use();
      await mixedRun(use());
      await sql(`update images_for_push set requested_by = 'by hand' where id = 1;
        update image_copies set dropped = '[', verified = '{'`);

      const { items } = await stores.status.listWanted('wanted');

      expect(items).toHaveLength(4);
      expect(items.find(({ id }) => id === 1)?.requestedBy).toEqual({ by: 'row', id: 'by hand' });
      expect((await stores.pushed.knownCopies(items[0]?.image ?? '')).size).toBe(0);
    });

    test('old history is pruned, but never wanted and pushed rows', async () => {
      const { stores, sql, rows } = use();
      await mixedRun(use());
      await stores.deliveries.record({ id: 'old', owner: 'a' }, []);
      await stores.blobs.record('registry.example.com', 'mirror/app', ['sha256:1']);
      for (const column of [
        'runs set started_at',
        'run_outcomes set recorded_at',
        'deliveries set received_at',
        'events set at',
        'blob_locations set seen_at',
      ]) {
        await sql(`update ${column} = 1`);
      }
      await stores.blobs.record('registry.example.com', 'mirror/app', ['sha256:2']);
      await stores.runs.begin({ id: 'run-2', reasons: [] });

      const events = await rows('select id from events');

      expect(await stores.runs.pruneHistory(90, { batch: 2 })).toEqual({
        runs: 1,
        outcomes: 9,
        deliveries: 1,
        events: events.length,
        requests: 0,
        checks: 0,
        sessions: 0,
        audits: 0,
        blobLocations: 1,
        uploads: 0,
        notifications: 0,
        allowances: 0,
      });

      expect(events.length).toBeGreaterThan(8);
      expect(await rows('select id from events')).toEqual([]);
      expect(await rows('select id from runs')).toEqual([{ id: 'run-2' }]);
      expect(await rows('select digest from blob_locations')).toEqual([{ digest: 'sha256:2' }]);
      expect(await rows('select id from images_for_push')).toHaveLength(4);
      expect(await rows('select id from pushed_images')).toHaveLength(3);
      expect(await rows('select image from image_copies')).toHaveLength(6);
    });
  });
}
