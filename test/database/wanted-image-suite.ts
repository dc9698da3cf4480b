import { describe, expect, test } from 'vitest';

import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { pendingImages } from '../support/whole-plan.js';
import { eachWithStores, imageRequest, pendingIn, pushed, syncImage } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const nginx = 'docker.io/library/nginx:1.27';

export function wantedImageSuite(placeOf: PlaceOf): void {
  describe('requests', () => {
    const use = eachWithStores(placeOf);

    test('a request becomes a row that the older scripts can read', async () => {
      const { stores, rows } = use();

      const results = await stores.wanted.addWanted([
        imageRequest('registry.k8s.io/kube-state-metrics/ksm:v2', 'linux/arm64'),
      ]);

      expect(results).toEqual([
        { image: 'registry.k8s.io/kube-state-metrics/ksm:v2', platform: 'linux/arm64', outcome: 'added' },
      ]);
      expect(await rows('select * from images_for_push')).toMatchObject([
        {
          source_registry_url: 'registry.k8s.io',
          orig_name_space: 'kube-state-metrics',
          orig_image_name: 'ksm:v2',
          platform: 'linux/arm64',
          push_status: 0,
          add_time: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) as string,
        },
      ]);
    });

    test('the same request twice is one row', async () => {
      const { stores, rows } = use();

      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('docker.io/library/nginx:1.27')]);
      const again = await stores.wanted.addWanted([imageRequest('index.docker.io/nginx:1.27')]);

      expect(again).toEqual([{ image: nginx, platform: 'linux/amd64', outcome: 'already-pending', previous: 0 }]);
      expect(await rows('select id from images_for_push')).toHaveLength(1);
    });

    test('images that share one tag on a target are listed, the first wanted first, and can be made pending again', async () => {
      const { stores, sql, rows } = use();
      const pinned = `${nginx}@sha256:${'a'.repeat(64)}`;
      const withdrawn = `${nginx}@sha256:${'b'.repeat(64)}`;
      const others = ['nginx:1.27A', 'nginx:1.27-alpine', 'nginx:1.2', `nginx@sha256:${'a'.repeat(64)}`];
      await stores.wanted.addWanted([imageRequest(pinned)]);
      await stores.wanted.addWanted([
        imageRequest(nginx),
        imageRequest(nginx, 'linux/arm64'),
        imageRequest(withdrawn),
        ...others.map((other) => imageRequest(other)),
      ]);
      await stores.actions.remove(withdrawn);

      const sharing = await Promise.all(
        [nginx, pinned].map(async (image) => await stores.wanted.imagesSharingTag(image)),
      );
      await sql(`update images_for_push set push_status = 1, ferry_status = 1 where image is not null`);
      await stores.wanted.reviewPushed([pinned]);

      expect(sharing).toEqual([
        [pinned, nginx],
        [pinned, nginx],
      ]);
      expect(await rows('select image from images_for_push where push_status = 0')).toEqual([{ image: pinned }]);
    });

    test('a digest without a tag and the tag that is derived from it share one tag on a target', async () => {
      const { stores } = use();
      const untagged = `nginx@sha256:${'a'.repeat(64)}`;
      const tagged = `nginx:digest-${'a'.repeat(12)}`;
      const others = [
        `nginx@sha256:${'b'.repeat(64)}`,
        `nginx:digest-${'a'.repeat(11)}`,
        `redis:digest-${'a'.repeat(12)}`,
      ];
      for (const image of [untagged, tagged, ...others]) await stores.wanted.addWanted([imageRequest(image)]);

      const canonical = [untagged, tagged].map((image) => `docker.io/library/${image}`);
      for (const image of canonical) expect(await stores.wanted.imagesSharingTag(image)).toEqual(canonical);
    });

    test('a person’s request makes a pushed, blocked or withdrawn image pending again', async () => {
      const { stores, sql, rows } = use();
      for (const status of [1, 2, 3]) {
        await stores.wanted.addWanted([imageRequest(`nginx:${status}`)]);
        await sql(`update images_for_push set push_status = ${status}, ferry_status = ${status},
          blocked_code = 'denied', blocked_reason = 'why', first_missing_at = 7 where orig_image_name = 'nginx:${status}'`);

        const [result] = await stores.wanted.addWanted([imageRequest(`nginx:${status}`)]);

        expect(result).toMatchObject({ outcome: 'renewed', previous: status });
      }
      expect(
        await rows('select push_status, blocked_code, blocked_reason, first_missing_at from images_for_push'),
      ).toEqual(
        Array.from({ length: 3 }, () => ({
          push_status: 0,
          blocked_code: null,
          blocked_reason: null,
          first_missing_at: null,
        })),
      );
    });

    test('an upstream’s request does not renew a row that a person withdrew', async () => {
      const { stores, rows } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await stores.actions.remove(nginx);

      const [result] = await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/amd64', 'upstream')]);

      expect(result).toMatchObject({ previous: 3 });
      expect(await rows('select push_status from images_for_push')).toEqual([{ push_status: 3 }]);
    });

    test('explicitly requested images come first in the order of their requests, then the others by row', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('found-a:1', 'linux/amd64', 'upstream')]);
      await stores.wanted.addWanted([imageRequest('found-b:1', 'linux/amd64', 'upstream')]);
      await stores.wanted.addWanted([imageRequest('asked-b:1')]);
      const { readAt } = await stores.wanted.wantedRows('docker.io/library/asked-b:1');
      await expect.poll(async () => (await stores.wanted.wantedRows('none')).readAt).toBeGreaterThan(readAt);
      await stores.wanted.addWanted([imageRequest('asked-a:1')]);

      const pending = await pendingIn(stores, { since: 0, limit: 10 });

      expect(pending).toEqual([
        { image: 'docker.io/library/asked-b:1', explicit: true },
        { image: 'docker.io/library/asked-a:1', explicit: true },
        { image: 'docker.io/library/found-a:1', explicit: false },
        { image: 'docker.io/library/found-b:1', explicit: false },
      ]);
    });

    test('an image with several rows is pending once, and the limit of a query is kept', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([
        imageRequest('nginx:1.27'),
        imageRequest('nginx:1.27', 'linux/arm64'),
        imageRequest('redis:7'),
      ]);

      const pending = await pendingIn(stores, { since: 0, limit: 1 });

      expect(pending).toEqual([{ image: nginx, explicit: true }]);
    });

    test('discovered images come in pages, and a look for requested ones reads no others', async () => {
      const { stores } = use();
      const names = ['a:1', 'b:1', 'c:1'];
      for (const name of names) await stores.wanted.addWanted([imageRequest(name, 'linux/amd64', 'upstream')]);
      await stores.wanted.addWanted([imageRequest('d:1')]);
      const images = names.map((name) => `docker.io/library/${name}`);
      const query = { since: 0, limit: 2 };

      const first = await stores.wanted.pendingImages({ ...query, after: beforeFirstRow });
      const second = await stores.wanted.pendingImages({ ...query, after: first.next });
      const requested = await stores.wanted.pendingImages(query);

      const asked = ['docker.io/library/d:1'];
      expect(first).toEqual({ asked, discovered: images.slice(0, 2), next: expect.any(Number) as number });
      expect(second).toEqual({ asked, discovered: images.slice(2) });
      expect(requested).toEqual({ asked, discovered: [] });
    });

    test('a finished image is not returned to the same run, but to the next one', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const { startedAt } = await stores.runs.begin({ id: 'run-1', reasons: [] });
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27')] });

      const inThisRun = await pendingIn(stores, { since: startedAt, limit: 10 });
      const { rows } = await stores.wanted.wantedRows(nginx);
      const inTheNext = await pendingIn(stores, { since: (rows[0]?.checkedAt ?? 0) + 1, limit: 10 });

      expect(inThisRun).toEqual([]);
      expect(inTheNext).toEqual([{ image: nginx, explicit: false }]);
    });

    test('platforms are read in canonical form', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27', 'linux/arm64/v8'), imageRequest('nginx:1.27', 'all')]);

      const { rows } = await stores.wanted.wantedRows(nginx);

      expect(rows.map(({ platform }) => platform).sort()).toEqual(['all', 'linux/arm64']);
    });
  });

  describe('rows that other programs insert', () => {
    const use = eachWithStores(placeOf);
    const insert = (name: string, beside = ''): string =>
      `insert into images_for_push (orig_image_name${beside === '' ? '' : ', push_status'}) values ('${name}'${beside})`;

    test('a row with only a name is a request for an image of Docker Hub', async () => {
      const { stores, sql } = use();
      await sql(insert('nginx:1.27'));

      const adopted = await stores.wanted.normalizeRows();

      expect(adopted).toMatchObject({ adopted: 1, duplicates: 0, refused: 0 });
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([{ image: nginx, explicit: false }]);
    });

    test('a second row for an image follows the first', async () => {
      const { stores, sql, rows } = use();
      await sql(`${insert('nginx:1.27')}; ${insert('library/nginx:1.27')}`);
      await stores.wanted.normalizeRows();

      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
      await sql(insert('nginx:1.27'));
      await stores.wanted.normalizeRows();

      expect(await rows('select push_status, duplicate_of from images_for_push order by id')).toEqual([
        { push_status: 1, duplicate_of: null },
        { push_status: 1, duplicate_of: 1 },
        { push_status: 1, duplicate_of: 1 },
      ]);
    });

    test('a row without a valid image is blocked with the reason until it is corrected and made pending', async () => {
      const { stores, sql, rows } = use();
      await sql(insert('Nginx:1.27'));

      expect(await stores.wanted.normalizeRows()).toMatchObject({ adopted: 0, duplicates: 0, refused: 1 });
      const [blocked] = await rows('select push_status, blocked_code, blocked_reason from images_for_push');
      expect(await stores.wanted.normalizeRows()).toMatchObject({ adopted: 0, duplicates: 0, refused: 0 });
      await sql(`update images_for_push set orig_image_name = 'nginx:1.27', push_status = 0`);
      await stores.wanted.normalizeRows();

      expect(blocked).toMatchObject({ push_status: 2, blocked_code: 'invalid-reference' });
      expect(blocked?.['blocked_reason']).toContain('Nginx');
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([{ image: nginx, explicit: true }]);
      expect(await rows('select blocked_code from images_for_push')).toEqual([{ blocked_code: null }]);
    });

    test('a blocked row that gets another name and is made pending is a request for that image', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('ngnix:1.27')]);
      await sql(`update images_for_push set push_status = 2, ferry_status = 2, blocked_code = 'repository-missing'`);
      await sql(`update images_for_push set orig_image_name = 'nginx:1.27', push_status = 0`);

      await stores.wanted.normalizeRows();

      const pending = await pendingIn(stores, { since: 0, limit: 10 });
      expect(pending.map(({ image }) => image)).toEqual([nginx]);
    });

    test('a pending row whose name is changed is read again', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('ngnix:1.27')]);
      await sql(`update images_for_push set orig_image_name = 'nginx:1.27'`);

      const looked = await stores.wanted.wantedRows('docker.io/library/ngnix:1.27');
      await stores.wanted.normalizeRows();

      expect(looked.rows).toEqual([]);
      const pending = await pendingIn(stores, { since: 0, limit: 10 });
      expect(pending.map(({ image }) => image)).toEqual([nginx]);
    });

    test('a pending row whose image column was changed or emptied is read again and does not block others', async () => {
      const { stores, sql, rows } = use();
      await stores.wanted.addWanted(['nginx:1', 'nginx:2', 'nginx:3', 'redis:7'].map((name) => imageRequest(name)));
      await sql(`update images_for_push set image = 'no reference::1' where orig_image_name = 'nginx:1';
        update images_for_push set image = '', orig_image_name = 'Nginx:2' where orig_image_name = 'nginx:2';
        update images_for_push set image = 'docker.io/library/redis:7' where orig_image_name = 'nginx:3'`);

      const before = await pendingIn(stores, { since: 0, limit: 10 });
      const found = await stores.wanted.forgetUnreadable(before.map(({ image }) => image));
      const looked = await stores.wanted.wantedRows('docker.io/library/redis:7');
      const adopted = await stores.wanted.normalizeRows();
      const after = await pendingIn(stores, { since: 0, limit: 10 });
      const { items } = await stores.status.listWanted('blocked');

      expect(found).toBe(true);
      expect(looked.rows).toHaveLength(1);
      expect(adopted).toMatchObject({ adopted: 2, duplicates: 0, refused: 1 });
      expect(after.map(({ image }) => image).sort()).toEqual([
        'docker.io/library/nginx:1',
        'docker.io/library/nginx:3',
        'docker.io/library/redis:7',
      ]);
      expect(items).toMatchObject([{ image: 'docker.io/library/Nginx:2', code: 'invalid-reference' }]);
      expect(await stores.wanted.forgetUnreadable(after.map(({ image }) => image))).toBe(false);
      expect(await rows('select id from images_for_push where image_key is null')).toHaveLength(1);
    });

    test('a pushed row that is made pending is processed by the current run', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const { startedAt } = await stores.runs.begin({ id: 'run-1', reasons: [] });
      await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });

      await sql('update images_for_push set push_status = 0');
      await stores.wanted.normalizeRows();

      expect(await pendingIn(stores, { since: startedAt, limit: 10 })).toHaveLength(1);
    });

    test('a duplicate whose first row is deleted becomes independent', async () => {
      const { stores, sql } = use();
      await sql(`${insert('nginx:1.27')}; ${insert('nginx:1.27')}`);
      await stores.wanted.normalizeRows();

      await sql('delete from images_for_push where id = 1');
      await stores.wanted.normalizeRows();

      expect((await stores.wanted.wantedRows(nginx)).rows.map(({ id }) => id)).toEqual([2]);
    });

    test('a withdrawn image that another program inserts again is pending', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await stores.actions.remove(nginx);

      await sql(insert('nginx:1.27'));
      await stores.wanted.normalizeRows();

      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(1);
    });

    test('a status that is set to NULL later is pending, too', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7')]);
      await sql(`update images_for_push set push_status = 1, ferry_status = 1 where orig_image_name = 'redis:7'`);
      await sql('update images_for_push set push_status = null');

      await stores.wanted.normalizeRows();

      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(2);
    });

    test('an unknown status is reported, not changed, and can be retried', async () => {
      const { stores, sql, rows } = use();
      await sql(insert('nginx:1.27', ', 7'));
      await stores.wanted.normalizeRows();

      const { items } = await stores.status.listWanted('blocked');
      const overview = await stores.status.overview();
      const kept = await rows('select push_status from images_for_push');
      await stores.actions.retry({ blocked: true });

      expect(items).toMatchObject([{ image: nginx, state: 'blocked', code: 'invalid-row' }]);
      expect(items[0]?.reason).toContain('push_status is 7');
      expect(overview).toMatchObject({
        wanted: { pending: 0, blocked: 1 },
        blockedBy: [{ code: 'invalid-row', rows: 1 }],
      });
      expect(kept).toEqual([{ push_status: 7 }]);
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(1);
    });

    test('a row with a negative ID is processed like others', async () => {
      const { stores, sql } = use();
      await sql(`insert into images_for_push (id, orig_image_name) values (-5, 'nginx:1.27')`);
      await stores.wanted.normalizeRows();

      const { items } = await stores.status.listWanted('wanted');

      expect(items).toMatchObject([{ id: -5, image: nginx, state: 'pending' }]);
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(1);
    });

    test('a row whose ID cannot be read exactly is reported and does not block others', async () => {
      const { stores, sql } = use();
      await sql(
        `insert into images_for_push (id, orig_image_name) values (1, 'redis:7'), (9007199254740993, 'nginx:1.27')`,
      );

      const adopted = await stores.wanted.normalizeRows();
      const { items } = await stores.status.listWanted('blocked');
      const pending = await pendingIn(stores, { since: 0, limit: 10 });

      expect(adopted).toMatchObject({ adopted: 1, duplicates: 0, refused: 0 });
      expect(items).toMatchObject([{ image: 'docker.io/nginx:1.27', state: 'blocked', code: 'invalid-row' }]);
      expect(pending).toHaveLength(1);
      await expect(stores.wanted.addWanted([imageRequest('busybox:1')])).rejects.toThrow('set the table');
    });

    test('a row whose name contains a NUL is refused, not truncated', async () => {
      const { stores, sql } = use();
      const name = placeOf().kind === 'mysql' ? `concat('nginx:1', char(0), '.27')` : `'nginx:1' || char(0) || '.27'`;
      await sql(`insert into images_for_push (orig_image_name) values (${name})`);

      expect(await pendingImages(stores.plan, [])).toEqual([]);
      for await (const page of stores.plan.refusedRows()) expect(page).toMatchObject([{ row: 1 }]);
      expect(await stores.wanted.normalizeRows()).toMatchObject({ adopted: 0, duplicates: 0, refused: 1 });
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([]);
    });

    test('a status of NULL is pending, and a list of platforms is one request', async () => {
      const { stores, sql } = use();
      await sql(`insert into images_for_push (orig_image_name, platform, push_status)
        values ('nginx:1.27', 'linux/arm64, linux/x86_64', null)`);

      await stores.wanted.normalizeRows();

      expect((await stores.wanted.wantedRows(nginx)).rows).toMatchObject([
        { platform: 'linux/amd64,linux/arm64', status: 0 },
      ]);
    });
  });
}
