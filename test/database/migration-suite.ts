import type { KyselyPlugin } from 'kysely';
import { describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { ownTables } from '../../src/database/own-tables.js';
import { migrate } from '../../src/database/run-migrations.js';
import { longestIndexBytes, textLength } from '../../src/database/table-shape.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import { dump } from '../support/database-locations.js';
import { legacyRows, legacySchema } from './legacy-rows.js';
import type { PlaceOf } from './store-fixture.js';

const steps = [
  '0001-legacy-tables',
  '0002-ferry-columns',
  '0003-copies',
  '0004-history',
  '0005-pull-budgets',
  '0006-upstreams',
  '0007-pushed-images',
  '0008-uploads',
  '0009-audits',
  '0010-notifications',
  '0011-upstream-releases',
  '0012-console',
];
const bytesPerCharacter = 4;

class Killed extends Error {}

export function migrationSuite(placeOf: PlaceOf): void {
  describe('migrations', () => {
    async function migrated(settings: DatabaseSettings): Promise<readonly string[]> {
      const database = await openDatabase(settings);
      try {
        return (await migrate(database, { convertEngine: true })).applied;
      } finally {
        await database.close();
      }
    }

    /** Migrates like a process that is killed before its statement number `count`. @returns whether it lived */
    async function killedBefore(count: number, settings: DatabaseSettings): Promise<boolean> {
      const database = await openDatabase(settings);
      let statements = 0;
      const kill: KyselyPlugin = {
        transformQuery({ node }) {
          statements += 1;
          if (statements > count) throw new Killed();
          return node;
        },
        transformResult: ({ result }) => Promise.resolve(result),
      };
      try {
        await migrate({ ...database, queries: database.queries.withPlugin(kill) }, { convertEngine: true });
        return true;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        return false;
      } finally {
        // What the killed process held it gives back now, as a server does when the connection breaks.
        await database.close();
      }
    }

    test('an empty database gets every table, and a second migration changes nothing', async () => {
      const settings = placeOf().fresh();

      const first = await migrated(settings);
      const once = await dump(placeOf(), settings);
      const second = await migrated(settings);

      expect(first).toEqual(steps);
      expect(second).toEqual([]);
      expect(await dump(placeOf(), settings)).toEqual(once);
    });

    test.each([false, true])(
      'a migration that was killed anywhere is made up for by the next (odd tables: %s)',
      { timeout: 60_000 },
      async (odd) => {
        const place = placeOf();
        const script = `${legacySchema(place.kind, odd)}\n${legacyRows(30, { numericSizes: odd }).script}`;
        const whole = place.fresh();
        await place.run(whole, script);
        await migrated(whole);
        const expected = (await dump(place, whole)).sort();

        // One database is killed again and again, each time a little later.
        const again = place.fresh();
        await place.run(again, script);
        let deaths = 0;
        while (!(await killedBefore(5 + 3 * deaths, again))) deaths += 1;

        expect(deaths).toBeGreaterThan(5);
        expect((await dump(place, again)).sort()).toEqual(expected);
      },
    );

    test('tables of a newer version are not changed', async () => {
      const settings = placeOf().fresh();
      await migrated(settings);
      await placeOf().run(
        settings,
        `insert into kysely_migration (name, timestamp) values ('9999-newer', '2099-01-01')`,
      );

      await expect(migrated(settings)).rejects.toMatchObject({ code: 'database', decision: 'block' });
    });

    test('widened or binary columns keep their default, nullability and comment', async () => {
      const settings = placeOf().fresh();
      await placeOf().run(settings, legacySchema(placeOf().kind));

      await migrated(settings);

      const definitions = (await placeOf().definitions(settings)).join('\n');
      const expected = {
        mysql: [
          /`registry_image_name` varchar\(512\) (CHARACTER SET utf8mb4 )?COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s, \(none\)' COMMENT 'whole name, on the target'/,
          /`platform` varchar\(255\).* DEFAULT 'linux\/amd64'/,
          /`platform` varchar\(50\).* COMMENT 'one, or NULL'/,
        ],
        // Its columns have no length and compare byte by byte as they are.
        sqlite: [/registry_image_name VARCHAR\(512\) NOT NULL,/, /platform VARCHAR\(50\) DEFAULT 'linux\/amd64'/],
      };
      for (const pattern of expected[placeOf().kind]) expect(definitions).toMatch(pattern);
    });

    test('tables without transactions or long indexes are converted', async () => {
      const settings = placeOf().fresh();
      await placeOf().run(settings, legacySchema(placeOf().kind, true));

      await migrated(settings);

      const definitions = (await placeOf().definitions(settings)).join('\n');
      expect(definitions).not.toMatch(/MyISAM|COMPACT/);
      expect(definitions).toContain('idx_push_status');
      expect(definitions).toContain('idx_registry_target_image');
    });

    test('duplicate rows do not prevent the takeover', async () => {
      const settings = placeOf().fresh();
      const place = placeOf();
      await place.run(settings, legacySchema(place.kind, true));
      const row = `insert into pushed_images (target_registry_url, orig_image_name, registry_image_name)
        values ('a.example.com', 'nginx:1', 'a.example.com/m/nginx:1')`;
      await place.run(settings, `${row}; ${row}`);

      await migrated(settings);

      const keys = await place.query(settings, 'select name_key from pushed_images order by id');
      expect(keys).toEqual([{ name_key: expect.any(String) as string }, { name_key: null }]);
    });

    test('every table that migrations make is known to the check of existing tables', async () => {
      const settings = placeOf().fresh();
      await migrated(settings);

      const made = await placeOf().query(
        settings,
        placeOf().kind === 'sqlite'
          ? "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
          : 'select table_name as name from information_schema.tables where table_schema = database()',
      );

      const others = ['images_for_push', 'pushed_images', 'kysely_migration', 'kysely_migration_lock'];
      expect(new Set(made.map(({ name }) => name))).toEqual(new Set([...ownTables.map(({ name }) => name), ...others]));
    });

    test('every index is within the limit of InnoDB', async () => {
      const settings = placeOf().fresh();
      await migrated(settings);

      const planned = ownTables.flatMap(({ name, columns, primaryKey = [], indexes = [] }) =>
        [{ name: 'primary', columns: primaryKey }, ...indexes].map((index) => ({
          index: `${name}.${index.name}`,
          bytes: index.columns
            .map((column) => (textLength(columns[column]?.type ?? 'bigint') ?? 2) * bytesPerCharacter)
            .reduce((sum, bytes) => sum + bytes, 0),
        })),
      );
      const made =
        placeOf().kind === 'sqlite'
          ? []
          : await placeOf().query(
              settings,
              `select concat(s.table_name, '.', s.index_name) as name, max(s.index_type) as type,
                 cast(sum(coalesce(c.character_maximum_length * ${bytesPerCharacter}, 8)) as unsigned) as bytes
               from information_schema.statistics s
               join information_schema.columns c using (table_schema, table_name, column_name)
               where s.table_schema = database() group by s.table_name, s.index_name`,
            );

      expect(planned.filter(({ bytes }) => bytes > longestIndexBytes)).toEqual([]);
      expect(made.filter((index) => Number(index['bytes']) > longestIndexBytes)).toEqual([]);
      expect(made.filter((index) => index['type'] === 'HASH')).toEqual([]);
    });
  });
}
