import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { Stores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { beforeFirstRow } from '../../src/domain/wanted-image.js';
import { dump } from '../support/database-locations.js';
import type { Row } from '../support/database-locations.js';
import { pendingImages } from '../support/whole-plan.js';
import { aliyunHost, legacyRows, legacySchema, legacyTargets } from './legacy-rows.js';
import { imageRequest, pendingIn, pushed, syncImage } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const legacyWanted = 'id, source_registry_url, orig_name_space, orig_image_name, add_time, platform';
const legacyPushed = `id, source_registry_url, target_registry_url, orig_name_space, orig_image_name, targ_name_space,
  push_time, registry_image_name, push_status, image_size, platform`;

export function takeoverSuite(placeOf: PlaceOf): void {
  describe.each([
    ['as the older scripts made it', false],
    ['as it came to be at a site that grew', true],
  ])('a database %s', (_name, odd) => {
    let settings: DatabaseSettings;
    let database: FerryDatabase;
    let stores: Stores;

    beforeEach(async () => {
      settings = placeOf().fresh();
      await placeOf().run(settings, legacySchema(placeOf().kind, odd));
      database = await openDatabase(settings);
      stores = createStores(database);
    });

    afterEach(async () => await database.close());

    const query = async (statement: string): Promise<Row[]> => await placeOf().query(settings, statement);

    async function adoptAll(): Promise<number> {
      let adopted = 0;
      for (let after = 0; ;) {
        const page = await stores.pushed.adoptionCandidates({ targets: legacyTargets, after, limit: 300 });
        for (const candidate of page) {
          const digest = `sha256:${candidate.rowId.toString(16).padStart(64, '0')}`;
          await stores.pushed.recordAdoption(
            candidate,
            candidate.copies.map(({ target }) => ({ target, digest })),
          );
        }
        adopted += page.length;
        after = page.at(-1)?.rowId ?? after;
        if (page.length < 300) return adopted;
      }
    }

    test(
      '1,000 rows are taken over without losing or changing one, and all are pushed',
      { timeout: 60_000 },
      async () => {
        const legacy = legacyRows(1_000, { numericSizes: odd });
        await placeOf().run(settings, legacy.script);
        const wantedBefore = await query(`select ${legacyWanted} from images_for_push order by id`);
        const pushedBefore = await query(`select ${legacyPushed} from pushed_images order by id`);

        await migrate(database, { convertEngine: true });
        const rows = await stores.wanted.normalizeRows();
        const adopted = await adoptAll();

        expect(rows).toMatchObject({
          adopted: legacy.wanted - legacy.duplicates,
          duplicates: legacy.duplicates,
          refused: 0,
        });
        expect(adopted).toBe(legacy.wanted - legacy.duplicates);
        expect(await query('select push_status, count(*) as c from images_for_push group by push_status')).toEqual([
          { push_status: 1, c: 1_000 },
        ]);
        expect(await query(`select ${legacyWanted} from images_for_push order by id`)).toEqual(wantedBefore);
        expect(await query(`select ${legacyPushed} from pushed_images order by id`)).toEqual(pushedBefore);
        expect(await query(`select count(*) as c from pushed_images where digest like 'sha256:%'`)).toEqual([
          { c: legacy.pushed },
        ]);
        expect(await pendingIn(stores, { since: 0, limit: 10 })).toEqual([]);
      },
    );

    test('a second migration changes nothing', async () => {
      await placeOf().run(settings, legacyRows(100, { numericSizes: odd }).script);
      await migrate(database, { convertEngine: true });
      await stores.wanted.normalizeRows();
      const once = await dump(placeOf(), settings);

      const { applied } = await migrate(database, { convertEngine: true });
      await stores.wanted.normalizeRows();

      expect(applied).toEqual([]);
      expect(await dump(placeOf(), settings)).toEqual(once);
    });

    test('a target repository that two source repositories shared belongs to the first one', async () => {
      await placeOf().run(settings, legacyRows(200, { numericSizes: odd }).script);

      await migrate(database, { convertEngine: true });

      const owner = await stores.names.claim({
        targetRepository: `${aliyunHost}/mirror/kube-state-metrics`,
        sourceRepository: 'ghcr.io/another/kube-state-metrics',
        target: 'aliyun',
      });
      expect(owner).toBe('registry.k8s.io/kube-state-metrics/app5/kube-state-metrics');
    });

    test('the older scripts can still insert and update rows', async () => {
      await placeOf().run(settings, legacyRows(20, { numericSizes: odd }).script);
      await migrate(database, { convertEngine: true });
      await stores.wanted.normalizeRows();
      const before = (await query('select id from images_for_push')).length;

      await placeOf().run(
        settings,
        `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform)
           values ('docker.io', 'langgenius', 'dify-api:1.2.0', 'linux/amd64');
         insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
           targ_name_space, registry_image_name, image_size, digest, platform)
           values ('docker.io', '${aliyunHost}', 'langgenius', 'dify-api:1.2.0', 'mirror',
             '${aliyunHost}/mirror/dify-api:1.2.0', '512', '', 'linux/amd64');
         update pushed_images set digest = 'x' where orig_image_name = 'dify-api:1.2.0'`,
      );
      const adopted = await stores.wanted.normalizeRows();

      expect(adopted).toMatchObject({ adopted: 1, duplicates: 0, refused: 0 });
      expect(await query('select id from images_for_push')).toHaveLength(before + 1);
      const candidates = await stores.pushed.adoptionCandidates({
        targets: legacyTargets.slice(0, 1),
        after: beforeFirstRow,
        limit: 500,
      });
      expect(candidates.map(({ image }) => image)).toContain('docker.io/langgenius/dify-api:1.2.0');
    });

    test('the ferry adds its own copies, with sizes in the unit of the existing column', async () => {
      await migrate(database, { convertEngine: true });
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);

      await syncImage(stores, 'docker.io/library/nginx:1.27', { targets: [pushed('aliyun', 'nginx:1.27')] });

      const [row] = await query('select image_size, platform from pushed_images');
      expect(row).toEqual({ image_size: odd ? 50 * 1024 * 1024 : '50.00', platform: 'linux/amd64' });
    });
  });

  test('tables of the first scripts, without platforms and digests, are taken over', async () => {
    const settings = placeOf().fresh();
    const id = placeOf().kind === 'mysql' ? 'int auto_increment primary key' : 'integer primary key';
    await placeOf().run(
      settings,
      `create table images_for_push (id ${id}, orig_image_name varchar(255) not null, add_time datetime);
       create table pushed_images (id ${id}, target_registry_url varchar(255) not null,
         orig_image_name varchar(255) not null, registry_image_name varchar(255) not null, push_time datetime);
       insert into images_for_push (orig_image_name) values ('nginx:1.27');
       insert into pushed_images (target_registry_url, orig_image_name, registry_image_name)
         values ('${aliyunHost}', 'nginx:1.27', '${aliyunHost}/mirror/nginx:1.27')`,
    );
    const database = await openDatabase(settings);
    const stores = createStores(database);

    await migrate(database, { convertEngine: true });
    const adopted = await stores.wanted.normalizeRows();
    const candidates = await stores.pushed.adoptionCandidates({
      targets: legacyTargets.slice(0, 1),
      after: beforeFirstRow,
      limit: 10,
    });
    await database.close();

    expect(adopted).toMatchObject({ adopted: 1, duplicates: 0, refused: 0 });
    expect(candidates).toMatchObject([{ image: 'docker.io/library/nginx:1.27', platform: 'linux/amd64' }]);
  });

  describe('adoption', () => {
    let settings: DatabaseSettings;
    let database: FerryDatabase;
    let stores: Stores;
    const image = 'docker.io/library/nginx:1.27';

    beforeEach(async () => {
      settings = placeOf().fresh();
      await placeOf().run(settings, legacySchema(placeOf().kind));
      database = await openDatabase(settings);
      stores = createStores(database);
      await migrate(database, { convertEngine: true });
    });

    afterEach(async () => await database.close());

    const sql = async (statement: string): Promise<void> => await placeOf().run(settings, statement);

    async function pushedBefore(host: string, name: string, platform = 'linux/amd64'): Promise<void> {
      await sql(`insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name,
        registry_image_name, platform) values ('docker.io', '${host}', 'library', 'nginx:1.27', '${name}', '${platform}')`);
    }

    async function candidates(): Promise<readonly unknown[]> {
      await stores.wanted.normalizeRows();
      return await stores.pushed.adoptionCandidates({ targets: legacyTargets, after: beforeFirstRow, limit: 10 });
    }

    async function onBothTargets(platform?: string): Promise<void> {
      await pushedBefore(aliyunHost, `${aliyunHost}/mirror/nginx:1.27`, platform);
      await pushedBefore('registry.example.com:5000', 'registry.example.com:5000/library/nginx:1.27', platform);
    }

    test('an adoption candidate has its names on the targets', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await onBothTargets();

      expect(await candidates()).toEqual([
        {
          rowId: 1,
          image,
          platform: 'linux/amd64',
          selection: 'all',
          copies: [
            { target: 'aliyun', pushedId: 1, registryImageName: `${aliyunHost}/mirror/nginx:1.27` },
            { target: 'private', pushedId: 2, registryImageName: 'registry.example.com:5000/library/nginx:1.27' },
          ],
        },
      ]);
    });

    test('a row with a negative id is adopted like others', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await sql('update images_for_push set id = -7');
      await onBothTargets();

      expect(await candidates()).toMatchObject([{ rowId: -7, image }]);
      expect(await pendingImages(stores.plan, legacyTargets)).toMatchObject([{ image, toAdopt: true }]);
    });

    test('a row with an emptied image is not adopted from rows without an image', async () => {
      await sql(`insert into pushed_images (source_registry_url, target_registry_url, orig_image_name,
        registry_image_name, platform) values ('docker.io', '${aliyunHost}', '', '${aliyunHost}/mirror/other:1', 'linux/amd64')`);
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await sql(`update images_for_push set image = ''`);

      const aliyunOnly = legacyTargets.slice(0, 1);
      await stores.wanted.normalizeRows();
      const found = await stores.pushed.adoptionCandidates({ targets: aliyunOnly, after: beforeFirstRow, limit: 10 });

      expect(found).toEqual([]);
    });

    test('an image that one target lacks, or has for another platform, is copied', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await pushedBefore(aliyunHost, `${aliyunHost}/mirror/nginx:1.27`);
      await pushedBefore('registry.example.com:5000', 'registry.example.com:5000/library/nginx:1.27', 'linux/arm64');

      expect(await candidates()).toEqual([]);
    });

    test('an image that the ferry has copied is not an adoption candidate', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await onBothTargets();
      await syncImage(stores, image, { targets: [pushed('aliyun', 'nginx:1.27')] });

      expect(await candidates()).toEqual([]);
    });

    test('an image that was not adopted or copied yet is an adoption candidate again', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await onBothTargets();
      await syncImage(stores, image, {
        sourceFault: { state: 'retrying', code: 'unreachable', reason: 'away', tagMissing: false },
      });

      expect(await candidates()).toHaveLength(1);
    });

    test('only a retry forces a copy of an adopted image', async () => {
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await onBothTargets();
      await stores.wanted.normalizeRows();
      const [candidate] = await stores.pushed.adoptionCandidates({
        targets: legacyTargets,
        after: beforeFirstRow,
        limit: 10,
      });
      if (candidate === undefined) throw new Error('there is no candidate');
      const digests = candidate.copies.map(({ target }) => ({ target, digest: `sha256:${'7'.repeat(64)}` }));
      await stores.pushed.recordAdoption(candidate, digests);

      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      const asked = await candidates();
      await stores.pushed.recordAdoption(candidate, digests);
      const renewed = await stores.actions.retry({ adopted: true });
      const retried = await candidates();

      expect(asked).toHaveLength(1);
      expect(renewed).toEqual({ images: 1, rows: 1 });
      expect(retried).toEqual([]);
      expect(await pendingIn(stores, { since: 0, limit: 10 })).toHaveLength(1);
    });

    test('two targets on one registry are distinguished by their namespaces', async () => {
      const [aliyun] = legacyTargets;
      if (aliyun === undefined) throw new Error('there is no target');
      await stores.wanted.addWanted([imageRequest('nginx:1.27')]);
      await pushedBefore(aliyunHost, `${aliyunHost}/mirror/nginx:1.27`);
      await stores.wanted.normalizeRows();
      const other = { ...aliyun, name: 'other', namespace: 'other' };

      const found = await stores.pushed.adoptionCandidates({
        targets: [aliyun, other],
        after: beforeFirstRow,
        limit: 10,
      });

      expect(found).toEqual([]);
    });
  });
}
