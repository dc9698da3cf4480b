import { describe, expect, test } from 'vitest';

import { beforeFirstRow, PushStatus } from '../../src/domain/wanted-image.js';
import { eachWithStores, imageRequest, pendingIn, pushed, sourceDigest, syncImage } from './store-fixture.js';
import type { Fixture, PlaceOf } from './store-fixture.js';

const later = Date.parse('2100-01-01');
const query = { before: later, after: beforeFirstRow, limit: 10, matches: () => true };
const library = (name: string): string => `docker.io/library/${name}`;

export function tagCheckSuite(placeOf: PlaceOf): void {
  describe('tags that may move', () => {
    const use = eachWithStores(placeOf);

    test('each pushed image is checked once, by row, with its source digest', async () => {
      const { stores, sql } = use();
      await stores.wanted.addWanted([imageRequest('redis:7'), imageRequest('busybox:1'), imageRequest('alpine:3')]);
      await allPushed(use(), 'nginx:2', 'nginx:1');
      await sql(`insert into images_for_push (orig_image_name) values ('nginx:1')`);
      await stores.wanted.normalizeRows();
      await sql(`update images_for_push set push_status = 2, ferry_status = 2 where image = '${library('busybox:1')}';
        update images_for_push set push_status = 3, ferry_status = 3 where image = '${library('alpine:3')}'`);

      const tags = await stores.tags.pushedTags(query);

      expect(tags).toEqual([
        { rowId: 4, image: library('nginx:2'), targets: 'all', sourceDigest },
        { rowId: 5, image: library('nginx:1'), targets: 'all', sourceDigest },
      ]);
    });

    test('pages continue after a row and contain only matching rows, also with negative IDs', async () => {
      const { stores, sql } = use();
      await allPushed(use(), 'nginx:1', 'redis:1', 'nginx:2', 'nginx:3');
      await sql('update images_for_push set id = -3 where id = 1');
      const matches = (image: string): boolean => image.includes('nginx');

      const first = await stores.tags.pushedTags({ ...query, limit: 2, matches });
      const second = await stores.tags.pushedTags({ ...query, limit: 2, matches, after: first.at(-1)?.rowId ?? 0 });

      expect(first.map(({ rowId }) => rowId)).toEqual([-3, 3]);
      expect(second.map(({ rowId }) => rowId)).toEqual([4]);
    });

    test('a tag check of more rows than one query returns reads all of them', async () => {
      const { stores, sql } = use();
      const names = Array.from({ length: 501 }, (_, number) => `app-${number}:1`);
      await stores.wanted.addWanted(names.map((name) => imageRequest(name)));
      await sql('update images_for_push set push_status = 1, ferry_status = 1');

      const last = (image: string): boolean => image === library('app-500:1');

      expect(await stores.tags.pushedTags({ ...query, matches: last })).toMatchObject([
        { image: library('app-500:1') },
      ]);
    });

    test('an unmoved tag is not checked again before its interval, and is compared with its source digest', async () => {
      const { stores, sql } = use();
      await allPushed(use(), 'nginx:1', 'nginx:2');
      await sql('update images_for_push set source_digest = null, checked_at = null');
      const { readAt: before } = await stores.wanted.wantedRows('none');

      await stores.tags.unmoved([{ image: library('nginx:1'), digest: 'sha256:new' }]);

      expect((await stores.tags.pushedTags({ ...query, before })).map(({ image }) => image)).toEqual([
        library('nginx:2'),
      ]);
      expect((await stores.tags.pushedTags(query))[0]).toMatchObject({ sourceDigest: 'sha256:new' });
    });

    test('a moved tag makes its rows pending with a forced copy, and blocked and withdrawn rows do not change', async () => {
      const { stores, sql, rows } = use();
      for (const platform of ['linux/amd64', 'linux/arm64', 'linux/s390x']) {
        await stores.wanted.addWanted([imageRequest('nginx:1', platform)]);
      }
      await sql(`insert into images_for_push (orig_image_name) values ('nginx:1')`);
      await stores.wanted.normalizeRows();
      await sql(`update images_for_push set push_status = 1, ferry_status = 1;
        update images_for_push set push_status = 2, ferry_status = 2 where id = 2;
        update images_for_push set push_status = 3, ferry_status = 3 where id = 3`);

      await stores.tags.moved([library('nginx:1')]);

      expect(await rows('select push_status, ferry_status, force_copy from images_for_push order by id')).toEqual([
        { push_status: PushStatus.pending, ferry_status: PushStatus.pending, force_copy: 1 },
        { push_status: PushStatus.blocked, ferry_status: PushStatus.blocked, force_copy: null },
        { push_status: PushStatus.withdrawn, ferry_status: PushStatus.withdrawn, force_copy: null },
        { push_status: PushStatus.pending, ferry_status: PushStatus.pending, force_copy: null },
      ]);
      expect(await pendingIn(stores, { since: later, limit: 10 })).toEqual([
        { image: library('nginx:1'), explicit: false },
      ]);
    });
  });
}

async function allPushed({ stores }: Fixture, ...names: string[]): Promise<void> {
  for (const name of names) {
    await stores.wanted.addWanted([imageRequest(name)]);
    await syncImage(stores, library(name), { targets: [pushed('aliyun', name), pushed('private', name)] });
  }
}
