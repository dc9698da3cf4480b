import type { Digest } from '@image-ferry/registry/digest';
import { describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { createStores } from '../../src/database/stores.js';
import { eachWithStores, imageRequest, notPushed, pushed, syncImage, uploadOf } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const hour = 60 * 60 * 1_000;
const [one, two, three] = ['1', '2', '3'].map((digit): Digest => `sha256:${digit.repeat(64)}`) as [
  Digest,
  Digest,
  Digest,
];

export function uploadSuite(placeOf: PlaceOf): void {
  describe('uploads that were not finished', () => {
    const use = eachWithStores(placeOf);
    const olderBy = async (milliseconds: number) =>
      await use().sql(`update upload_sessions set saved_at = saved_at - ${milliseconds}`);

    test('an upload is found by another process, as it was last saved', async () => {
      const { settings, stores } = use();
      await stores.uploads.save(uploadOf(one));
      const later = uploadOf(one, { offset: 150_000_000, location: 'https://aliyun.example.com/2', foreign: true });
      await stores.uploads.save(later);

      const other = await openDatabase(settings);
      const found = await createStores(other).uploads.take(later);
      await other.close();

      expect(found).toEqual(later);
    });

    test('uploads that are saved at the same time are all found, each as it was saved last', async () => {
      const { uploads } = use().stores;
      const last = [uploadOf(one, { offset: 2_000 }), uploadOf(two), uploadOf(three)];

      await Promise.all([uploadOf(one, { offset: 1_000 }), ...last].map(async (upload) => await uploads.save(upload)));

      expect(await Promise.all(last.map(async (upload) => await uploads.take(upload)))).toEqual(last);
    });

    test('uploads of another registry, repository, tag or blob are other uploads', async () => {
      const { uploads } = use().stores;
      const saved = uploadOf(one);
      await uploads.save(saved);

      const others = [
        { registry: 'b.example.com' },
        { repository: 'mirror/nginX' },
        { tag: 'Latest' },
        { digest: two },
      ];
      const found = await Promise.all(others.map(async (change) => await uploads.take({ ...saved, ...change })));

      expect(found).toEqual([undefined, undefined, undefined, undefined]);
      expect(await uploads.take(saved)).toEqual(saved);
    });

    test('names of the greatest length and a location of 8,000 characters are kept', async () => {
      const { uploads } = use().stores;
      const longest = uploadOf(`sha512:${'e'.repeat(128)}`, {
        registry: `${'r'.repeat(250)}:5000`,
        repository: 'n'.repeat(255),
        tag: 't'.repeat(128),
        location: `https://aliyun.example.com/v2/?_state=${'s'.repeat(8_000)}`,
        size: 2 ** 42,
        offset: 2 ** 41,
        hashes: [{ offset: 2 ** 41, state: 'A'.repeat(600) }],
      });

      await uploads.save(longest);

      expect(await uploads.take(longest)).toEqual(longest);
    });

    test('an upload that is over is not found again', async () => {
      const { uploads } = use().stores;
      await uploads.save(uploadOf(one));

      await uploads.remove(uploadOf(one));
      await uploads.remove(uploadOf(two));

      expect(await uploads.take(uploadOf(one))).toBeUndefined();
    });

    test('workers that take and save the same upload at once all succeed', async () => {
      const { settings, stores } = use();
      await stores.uploads.save(uploadOf(one));
      const databases = await Promise.all(Array.from({ length: 4 }, async () => await openDatabase(settings)));

      const taken = await Promise.all(
        databases.map(async (database, position) => {
          const { uploads } = createStores(database);
          const found = await uploads.take(uploadOf(one));
          for (let megabytes = 101; megabytes < 110; megabytes += 1) {
            await uploads.save(uploadOf(one, { offset: megabytes * 1_000_000 + position }));
          }
          return found?.digest;
        }),
      );
      await Promise.all(databases.map(async (database) => await database.close()));

      expect(taken).toEqual([one, one, one, one]);
      expect((await stores.uploads.take(uploadOf(one)))?.offset).toBeGreaterThan(109_000_000 - 1);
    });

    test.each([
      `location = 'file:///etc/passwd'`,
      `location = 'no address'`,
      `digest = 'sha256:short'`,
      `hashes = 'no JSON'`,
      `hashes = '[{"offset":-1,"state":"AQ=="}]'`,
      `hashes = '{}'`,
      `confirmed = size + 1`,
      `confirmed = -1`,
    ])('a row that is not an upload (%s) is ignored and deleted', async (change) => {
      const { sql, stores, rows } = use();
      await stores.uploads.save(uploadOf(one));
      await sql(`update upload_sessions set ${change}`);

      expect(await stores.uploads.take(uploadOf(one))).toBeUndefined();
      expect(await rows('select upload_key from upload_sessions')).toEqual([]);
    });

    test('an upload is unwanted after a day, the oldest first', async () => {
      const { uploads } = use().stores;
      await uploads.save(uploadOf(one));
      await olderBy(hour);
      await uploads.save(uploadOf(two));
      await olderBy(24 * hour);
      await uploads.save(uploadOf(three));

      expect((await uploads.unwanted(10)).map(({ digest }) => digest)).toEqual([one, two]);
      expect((await uploads.unwanted(1)).map(({ digest }) => digest)).toEqual([one]);
    });

    test('an unwanted row that is not an upload is deleted', async () => {
      const { sql, stores, rows } = use();
      await stores.uploads.save(uploadOf(one));
      await olderBy(25 * hour);
      await sql(`update upload_sessions set location = ''`);

      expect(await stores.uploads.unwanted(10)).toEqual([]);
      expect(await rows('select upload_key from upload_sessions')).toEqual([]);
    });

    test('an upload of an image that is still pending is wanted; once the image is pushed or withdrawn, it is not', async () => {
      const { sql, stores } = use();
      const image = 'docker.io/library/nginx:latest';
      const copy = pushed('aliyun', 'nginx:latest');
      await stores.wanted.addWanted([imageRequest('nginx:latest')]);
      const { reference } = copy.state === 'pushed' ? copy : { reference: '' };
      await syncImage(stores, image, { targets: [{ ...notPushed('aliyun', 'retrying', 'it broke'), reference }] });
      await stores.uploads.save(uploadOf(one));
      await olderBy(hour);
      const wantedAt = async () => (await stores.uploads.unwanted(10)).map(({ digest }) => digest);

      const pending = await wantedAt();
      await syncImage(stores, image, { targets: [copy, pushed('private', 'nginx:latest')] });
      const done = await wantedAt();
      await sql('update images_for_push set push_status = 3');
      const withdrawn = await wantedAt();
      await sql('update images_for_push set push_status = 0');
      const again = await wantedAt();
      await sql('delete from images_for_push');
      const removed = await wantedAt();

      expect([pending, done, withdrawn, again, removed]).toEqual([[], [one], [one], [], [one]]);
    });

    test('an upload that was saved a moment ago is in flight, whatever the state of its image', async () => {
      const { stores } = use();
      await stores.wanted.addWanted([imageRequest('nginx:latest')]);
      await syncImage(stores, 'docker.io/library/nginx:latest', {
        targets: [pushed('aliyun', 'nginx:latest'), pushed('private', 'nginx:latest')],
      });
      await stores.uploads.save(uploadOf(one));

      expect(await stores.uploads.unwanted(10)).toEqual([]);
    });
  });

  describe('how registries take uploads', () => {
    const use = eachWithStores(placeOf);
    const habits = {
      afterBreak: 'keeps-chunks',
      takesChunks: true,
      leastChunkBytes: 5_000_000,
      mostBodyBytes: 20_000_000,
      bytesBetweenBreaks: 24_000_000,
      lineHolds: false,
    } as const;

    test('what was learned of a registry is known to the next process', async () => {
      const { stores } = use();
      await stores.habits.save('a.example.com', { afterBreak: 'forgets' });
      await stores.habits.save('a.example.com', habits);

      expect(await stores.habits.load('a.example.com')).toEqual(habits);
      expect(await stores.habits.load('b.example.com')).toBeUndefined();
    });

    test('whether the line to a registry breaks is known for a day', async () => {
      const { sql, stores } = use();
      await stores.habits.save('a.example.com', habits);
      await sql(`update host_habits set learned_at = learned_at - ${25 * hour}`);

      expect(await stores.habits.load('a.example.com')).toEqual({
        ...habits,
        bytesBetweenBreaks: undefined,
        lineHolds: undefined,
      });
    });

    test('a stored habit of a registry that cannot be read is learned again', async () => {
      const { sql, stores } = use();
      await stores.habits.save('a.example.com', habits);
      await stores.habits.save('b.example.com', habits);
      await sql(`update host_habits set habits = 'no JSON' where registry = 'a.example.com';
        update host_habits set habits = '{"afterBreak":"sings","takesChunks":true,"leastChunkBytes":-1}'
        where registry = 'b.example.com'`);

      expect(await stores.habits.load('a.example.com')).toEqual({});
      expect(await stores.habits.load('b.example.com')).toEqual({ takesChunks: true });
    });
  });
}
