import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { RowIndex } from '../../src/database/adoption/row-index.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';

test('a long table is planned in parts, with all rows of each image together', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-plan-store-'));
  const database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  onTestFinished(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });
  await migrate(database);
  const names = Array.from({ length: 1_500 }, (_, number) => `app:${number}`);
  for (const platform of ['linux/amd64', 'linux/arm64']) {
    for (let from = 0; from < names.length; from += 500) {
      const rows = names.slice(from, from + 500).map((name) => ({
        source_registry_url: platform === 'linux/amd64' ? 'quay.io' : 'https://quay.io/',
        orig_name_space: 'org',
        orig_image_name: name,
        platform,
        // Every tenth was pushed, in whole or in part.
        push_status: name.endsWith('0') && platform === 'linux/amd64' ? 1 : 0,
      }));
      await database.queries.insertInto('images_for_push').values(rows).execute();
    }
  }

  const images: string[] = [];
  for await (const page of createStores(database).plan.pendingImages([])) {
    expect(page.length).toBeLessThanOrEqual(200);
    for (const { image, platforms } of page) {
      expect(platforms).toHaveLength(2);
      images.push(image);
    }
  }

  expect(images).toEqual(names.map((name) => `quay.io/org/${name}`));
});

test('rows of one image are found together in the order of first rows, and images without a pending row are omitted', () => {
  const index = new RowIndex();
  index.add('b', 1, false);
  index.add('a', 2, true);
  index.add('c', 3, false);
  index.add('b', 4, true);
  index.add('a', 5, false);
  for (let id = 6; id <= 5_000; id += 1) index.add(`image-${id}`, id, id === 4_999);

  expect([...index.groups()]).toEqual([[1, 4], [2, 5], [4_999]]);
});
