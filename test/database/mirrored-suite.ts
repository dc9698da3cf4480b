import { describe, expect, test } from 'vitest';

import { eachWithStores, imageRequest, notPushed, pushed, sourceDigest, syncImage, target } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const hub = 'docker.io/library';
const targets = [target('aliyun'), target('private')];

/** What is on the targets, for files that refer to it. */
export function mirroredSuite(placeOf: PlaceOf): void {
  describe('mirrored images', () => {
    const use = eachWithStores(placeOf);

    test('each image has its names on the targets with digest, platforms and state', async () => {
      const { stores } = use();
      const { wanted, mirrored, runs } = stores;
      await runs.begin({ id: 'run-1', reasons: [] });
      await wanted.addWanted(['a:1', 'b:1', 'c:1'].map((name) => imageRequest(name)));
      await syncImage(stores, `${hub}/a:1`, {
        targets: [pushed('aliyun', 'a:1', ['linux/amd64', 'linux/arm64']), pushed('private', 'a:1')],
      });
      await syncImage(stores, `${hub}/b:1`, { targets: [pushed('aliyun', 'b:1')] });
      await syncImage(stores, `${hub}/b:1`, { targets: [notPushed('aliyun', 'retrying', 'down')] });

      const all = await mirrored.all(targets);

      expect(
        all.map(({ image, copies }) => [
          image,
          copies.map(({ target: name, state, platforms }) => [name, state, platforms]),
        ]),
      ).toEqual([
        [
          `${hub}/a:1`,
          [
            ['aliyun', 'current', ['linux/amd64', 'linux/arm64']],
            ['private', 'current', ['linux/amd64']],
          ],
        ],
        [`${hub}/b:1`, [['aliyun', 'outdated', ['linux/amd64']]]],
      ]);
      expect(all[0]?.copies[0]).toMatchObject({
        registry: 'aliyun.example.com',
        repository: 'mirror/a',
        tag: '1',
        digest: `sha256:${'a'.repeat(64)}`,
        sourceDigest,
        since: expect.any(Number),
        verifiedAt: expect.any(Number),
      });
      expect(await mirrored.all([target('private')])).toHaveLength(1);
    });

    test('some images, the images of a repository, and the image of a name are found', async () => {
      const { stores } = use();
      await stores.runs.begin({ id: 'run-1', reasons: [] });
      const names = ['a:1', 'a:2', 'ab:1', 'A-x/a:1'.toLowerCase()];
      await stores.wanted.addWanted(names.map((name) => imageRequest(name)));
      for (const name of ['a:1', 'a:2', 'ab:1']) {
        await syncImage(stores, `${hub}/${name}`, { targets: [pushed('aliyun', name)] });
      }
      const { mirrored } = stores;

      expect((await mirrored.of([`${hub}/a:2`, `${hub}/none:1`], targets)).map(({ image }) => image)).toEqual([
        `${hub}/a:2`,
      ]);
      expect((await mirrored.ofRepositories([`${hub}/a`], targets)).map(({ image }) => image)).toEqual([
        `${hub}/a:1`,
        `${hub}/a:2`,
      ]);
      expect(await mirrored.sourcesOf(['aliyun.example.com/mirror/a:1', 'aliyun.example.com/mirror/none:1'])).toEqual(
        new Map([['aliyun.example.com/mirror/a:1', `${hub}/a:1`]]),
      );
      expect(await mirrored.of([], targets)).toEqual([]);
    });

    test('a name that an older script recorded belongs to its target, and is not verified', async () => {
      const { stores, sql } = use();
      await sql(`insert into pushed_images
        (source_registry_url, target_registry_url, orig_name_space, orig_image_name, registry_image_name, push_status, digest, platform, push_time, image)
        values ('docker.io', 'https://private.example.com', 'library', 'redis:7', 'mirror/redis:7', 1, '未知', 'linux/amd64', '2024-01-02 03:04:05', '${hub}/redis:7')`);

      const [found] = await stores.mirrored.all(targets);

      expect(found).toEqual({
        image: `${hub}/redis:7`,
        copies: [
          {
            target: 'private',
            registry: 'private.example.com',
            repository: 'mirror/redis',
            tag: '7',
            platforms: ['linux/amd64'],
            since: Date.UTC(2024, 0, 2, 3, 4, 5),
            state: 'unverified',
          },
        ],
      });
    });
  });
}
