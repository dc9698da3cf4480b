import { describe, expect, test } from 'vitest';

import type { ImageFilter } from '../../src/domain/image-filter.js';
import { eachWithStores, imageRequest, notPushed, pushed, syncImage } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const hub = 'docker.io/library';

/** Lists of images for users, by filters and in pages. */
export function imageListSuite(placeOf: PlaceOf): void {
  describe('lists of images', () => {
    const use = eachWithStores(placeOf);

    test('each filter finds its images, pages show each image once, and actions change what was selected', async () => {
      const { stores, sql } = use();
      const { images, actions, overview, wanted } = stores;
      await stores.runs.begin({ id: 'run-1', reasons: [] });
      await wanted.addWanted(['a:1', 'b:1', 'c:1', 'ghcr.io/x/d:1', 'e:1'].map((name) => imageRequest(name)));
      await syncImage(stores, `${hub}/a:1`, { targets: [pushed('aliyun', 'a:1'), pushed('private', 'a:1')] });
      await syncImage(stores, `${hub}/b:1`, {
        targets: [pushed('aliyun', 'b:1'), notPushed('private', 'retrying', 'down')],
      });
      await syncImage(stores, `${hub}/c:1`, {
        targets: [notPushed('aliyun', 'blocked', 'no'), notPushed('private', 'blocked', 'no')],
      });
      await sql("insert into images_for_push (orig_image_name, push_status) values ('Bad Name', 2)");
      const order = { sort: 'image', order: 'asc', limit: 100 } as const;
      const find = async (filter: ImageFilter): Promise<string[]> =>
        (await images.list(filter, order)).items.map(({ image }) => image.replace(`${hub}/`, ''));

      const bad = 'docker.io/Bad Name';
      expect(await find({ state: 'pushed' })).toEqual(['a:1']);
      expect(await find({ state: 'retrying' })).toEqual(['b:1']);
      expect(await find({ state: 'blocked' })).toEqual([bad, 'c:1']);
      expect(await find({ state: 'pending' })).toEqual(['e:1', 'ghcr.io/x/d:1']);
      expect(await find({ state: 'missing' })).toEqual([bad, 'b:1', 'c:1', 'e:1', 'ghcr.io/x/d:1']);
      expect(await find({ target: 'aliyun', state: 'pushed' })).toEqual(['a:1', 'b:1']);
      expect(await find({ target: 'private', state: 'missing' })).toEqual([bad, 'b:1', 'c:1', 'e:1', 'ghcr.io/x/d:1']);
      expect(await find({ search: 'X/D' })).toEqual(['ghcr.io/x/d:1']);
      expect(await find({ host: 'ghcr.io' })).toEqual(['ghcr.io/x/d:1']);
      expect(await find({ code: 'denied' })).toEqual(['c:1']);
      expect(await find({ olderThan: 1_000 })).toEqual([]);
      expect(await find({ olderThan: Date.UTC(2999, 0) })).toHaveLength(6);
      expect(await images.count({})).toBe(6);
      expect((await overview.causes()).map(({ state, code }) => [state, code])).toContainEqual(['blocked', 'denied']);
      const host = 'private.example.com';
      for (const name of ['a/one', 'a/two/three', 'b/one', 'flat']) {
        const claim = { targetRepository: `${host}/${name}`, sourceRepository: `ghcr.io/${name}`, target: 'private' };
        await use().stores.names.claim(claim);
      }
      const standing = await overview.target({ name: 'private', registry: host });
      expect(standing).toMatchObject({ missing: 5, repositories: 4, namespaces: 3 });

      for (const sort of ['added', 'image', 'checked'] as const) {
        const seen: number[] = [];
        for (let after: { readonly value: string | number | null; readonly id: number } | undefined; ;) {
          const page = await images.list({}, { sort, order: 'desc', limit: 2, after });
          seen.push(...page.items.map(({ id }) => id));
          after = page.next;
          if (after === undefined) break;
        }
        expect([sort, new Set(seen).size, seen.length]).toEqual([sort, 6, 6]);
      }

      const selected = await actions.select({ filter: { code: 'denied' } }, { kind: 'retry' });
      expect(await actions.apply(selected.rows, { kind: 'retry' }, 'console: me')).toEqual({ images: 1, rows: 1 });
      expect(await find({ state: 'pending' })).toEqual(['c:1', 'e:1', 'ghcr.io/x/d:1']);
      expect((await stores.status.eventsOf(`${hub}/c:1`)).at(-1)).toMatchObject({
        kind: 'retried',
        who: 'console: me',
      });
    });
  });
}
