import { afterAll, expect, test } from 'vitest';

import { sharedNameLines } from '../../src/cli/shared-name-lines.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { findSharedNames } from '../../src/database/shared-names.js';
import { createStores } from '../../src/database/stores.js';
import { sqlitePlace } from '../support/database-locations.js';
import { aliyunHost, legacySchema, legacyTargets } from './legacy-rows.js';

const place = sqlitePlace();

afterAll(async () => await place.clear());

test('a repository that two sources share under one old name is reported with the new names of each', async () => {
  const settings = place.fresh();
  const row = (namespace: string, name: string) =>
    `('docker.io', '${aliyunHost}', '${namespace}', '${name}', 'mirror', '${aliyunHost}/mirror/${name}', 1)`;
  await place.run(
    settings,
    `${legacySchema('sqlite')};
     insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
       targ_name_space, registry_image_name, push_status) values
       ${row('library', 'redis:7')}, ${row('bitnami', 'redis:8')}, ${row('bitnami', 'redis:9')}, ${row('library', 'nginx:1')}`,
  );
  const database = await openDatabase(settings);
  await migrate(database);

  const names = await findSharedNames(database.queries);
  await database.close();

  const repository = `${aliyunHost}/mirror/redis`;
  const others = [{ source: 'docker.io/bitnami/redis', tags: 2 }];
  expect(names).toEqual([{ repository, owner: 'docker.io/library/redis', others }]);
  const [line = ''] = sharedNameLines(names, legacyTargets);
  expect(line).toMatch(
    new RegExp(
      `^${repository} holds tags of both docker.io/library/redis and docker.io/bitnami/redis. It stays with docker.io/library/redis; `,
    ),
  );
  expect(line).toMatch(new RegExp(`its 2 tags there, go to ${repository}-[a-z2-7]{10}\\.`));
});

test('hub.docker.com in the registry column means Docker Hub', async () => {
  const settings = place.fresh();
  await place.run(
    settings,
    `${legacySchema('sqlite')};
     insert into images_for_push (source_registry_url, orig_name_space, orig_image_name) values
       ('hub.docker.com', 'library', 'nginx:1.27'), ('https://hub.docker.com/', '', 'redis:7'), ('HUB.docker.com', 'bitnami', 'redis:8')`,
  );
  const database = await openDatabase(settings);
  await migrate(database);

  const rows = await createStores(database).wanted.normalizeRows();
  await database.close();

  expect(rows).toMatchObject({ adopted: 3, duplicates: 0, refused: 0 });
  expect(await place.query(settings, 'select image from images_for_push order by id')).toEqual([
    { image: 'docker.io/library/nginx:1.27' },
    { image: 'docker.io/library/redis:7' },
    { image: 'docker.io/bitnami/redis:8' },
  ]);
});
