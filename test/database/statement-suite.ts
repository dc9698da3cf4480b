import { describe, expect, test } from 'vitest';

import { counted } from './counted-stores.js';
import { eachWithStores, pushed, syncImage, imageRequest } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

/** Each statement is a journey to a database that may be half a world away. */
export function statementSuite(placeOf: PlaceOf): void {
  describe('statements that rows take', () => {
    const use = eachWithStores(placeOf);
    const images = Array.from({ length: 500 }, (_, number) => `ghcr.io/org/app-${number}:1`);

    test('500 requests take a few statements, for new and for existing rows', async () => {
      const { stores, statements } = counted(use());

      const added = await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
      const forNew = statements();
      await stores.actions.retry({ blocked: true });
      await use().sql('update images_for_push set push_status = 1 + id % 2, ferry_status = 1 + id % 2');
      const before = statements();
      const renewed = await stores.wanted.addWanted(
        images.map((image, number) => imageRequest(image, 'linux/amd64', number % 2 ? 'cli' : 'webhook')),
      );

      expect(new Set(added.map(({ outcome }) => outcome))).toEqual(new Set(['added']));
      expect(new Set(renewed.map(({ outcome }) => outcome))).toEqual(new Set(['renewed']));
      expect(forNew).toBeLessThan(10);
      expect(statements() - before).toBeLessThan(10);
      const asked = await use().rows('select distinct requested_by from images_for_push order by requested_by');
      expect(asked.map((row) => row['requested_by'])).toEqual(['{"by":"cli"}', '{"by":"webhook"}']);
    });

    test('rows of another program are normalized in pages', async () => {
      const { stores, statements } = counted(use());
      const names = [...images, ...images.slice(0, 99), 'Not:valid'].map(
        (name) => `('${name.replace('ghcr.io/', '')}')`,
      );
      await use().sql(`insert into images_for_push (orig_image_name) values ${names.join(', ')}`);

      const adopted = await stores.wanted.normalizeRows();

      expect(adopted).toMatchObject({ adopted: 500, duplicates: 99, refused: 1 });
      // Three pages of 200 rows.
      expect(statements()).toBeLessThan(50);
    });

    test('rows of pushed images are read in pages', async () => {
      const { stores, statements } = counted(use());
      const rows = images.map(
        (image) =>
          `('docker.io', 'a.example.com', 'org', '${image.replace('ghcr.io/org/', '')}', 'mirror/${image.replace('ghcr.io/org/', '')}')`,
      );
      await use().sql(`insert into pushed_images
        (source_registry_url, target_registry_url, orig_name_space, orig_image_name, registry_image_name) values ${rows.join(', ')}`);

      await stores.wanted.normalizeRows();

      expect(statements()).toBeLessThan(40);
    });

    test('the outcome of an image takes as many statements for 16 platforms as for one', async () => {
      const { stores, statements } = counted(use());
      const platforms = Array.from({ length: 16 }, (_, number) => `linux/arm/v${number}`);
      const record = async (image: string, wanted: readonly string[]): Promise<number> => {
        await stores.wanted.addWanted(wanted.map((platform) => imageRequest(image, platform)));
        const before = statements();
        await syncImage(stores, `docker.io/library/${image}`, {
          targets: [pushed('aliyun', image, wanted), pushed('private', image, wanted)],
          missingPlatforms: wanted.slice(1, 3),
        });
        return statements() - before;
      };

      const first = await record('alpine:3', platforms.slice(0, 1));
      const forOne = await record('nginx:1', platforms.slice(0, 1));
      const forMany = await record('redis:7', platforms);

      // Only the first one reads the schema.
      expect(first).toBe(forOne + 1);
      expect(forMany).toBe(forOne);
      expect(forMany).toBeLessThan(17);
    });

    test('what a new image records beside its outcome takes one statement each, without a transaction', async () => {
      const { stores, statements, transactions } = counted(use());
      const claim = { targetRepository: 'a.example.com/mirror/app', sourceRepository: 'ghcr.io/org/app', target: 'a' };
      const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
        const before = statements();
        await work();
        return statements() - before;
      };

      const claimed = await statementsOf(async () => await stores.names.claim(claim));
      const known = await statementsOf(async () => await stores.names.claim(claim));
      const blobs = Array.from({ length: 200 }, (_, number) => `sha256:${number}`);
      const located = await statementsOf(async () => await stores.blobs.record('a.example.com', 'mirror/app', blobs));

      // A name is read before it is claimed.
      expect({ claimed, known, located }).toEqual({ claimed: 2, known: 1, located: 1 });
      expect(transactions()).toBe(0);
    });
  });
}
