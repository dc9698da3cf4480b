import { Migrator } from 'kysely';
import type { Kysely, Migration } from 'kysely';

import type { DialectDifferences, Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';
import { assertUsable } from './forms/assert-usable.js';
import { examineTables } from './forms/examine-tables.js';
import { missingSteps } from './made-migrations.js';
import type { MigrationName } from './made-migrations.js';
import type { MigrationStep } from './migration-step.js';
import { up as legacyTables } from './migrations/0001-legacy-tables.js';
import { up as ferryColumns } from './migrations/0002-ferry-columns.js';
import { up as copies } from './migrations/0003-copies.js';
import { up as history } from './migrations/0004-history.js';
import { up as pullBudgets } from './migrations/0005-pull-budgets.js';
import { up as upstreams } from './migrations/0006-upstreams.js';
import { up as pushedImages } from './migrations/0007-pushed-images.js';
import { up as uploads } from './migrations/0008-uploads.js';
import { up as audits } from './migrations/0009-audits.js';
import { up as notifications } from './migrations/0010-notifications.js';
import { up as upstreamReleases } from './migrations/0011-upstream-releases.js';
import { up as consoleTables } from './migrations/0012-console.js';
import { MysqlSchemaEditor } from './mysql/mysql-schema-editor.js';
import { forgetSizeUnit } from './pushed/size-unit.js';
import type { SchemaEditor } from './schema-editor.js';
import { SqliteSchemaEditor } from './sqlite/sqlite-schema-editor.js';
import type { FerryTables } from './tables.js';

export interface MigrateOptions {
  /** Convert tables of an engine without transactions to InnoDB instead of refusing them. */
  readonly convertEngine?: boolean;
  /** Called before each table that is rebuilt. */
  readonly announce?: (line: string) => void;
}

export interface Migrated {
  /** Names of the migrations that were run, in order. */
  readonly applied: readonly string[];
  /** Notes about existing tables that refuse some rows. */
  readonly notes: readonly string[];
}

/**
 * migrate creates the tables, or takes over those of the older scripts in place. Several processes may start it at the same
 * time. If one is killed, the next one continues.
 * @throws DatabaseFault also if a newer version created the tables, or if existing tables are not usable; nothing is changed
 *   then
 */
export async function migrate(database: FerryDatabase, options: MigrateOptions = {}): Promise<Migrated> {
  const { queries, dialect } = database;
  const missing = await missingSteps(database);
  const notes = await prepareTables(database, missing, options);
  // Every command calls this: nothing is locked if there is nothing to do.
  if (missing.length === 0) return { applied: [], notes };

  const migrations = migrationsOf(dialect);
  const migrator = new Migrator({ db: queries, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error, results = [] } = await migrator.migrateToLatest();
  forgetSizeUnit(dialect);
  if (error !== undefined) throw error instanceof Error ? error : new TypeError('a migration failed', { cause: error });
  const applied = results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
  return { applied, notes };
}

async function prepareTables(
  { queries, dialect, place }: FerryDatabase,
  missing: readonly string[],
  { convertEngine = false, announce = () => {} }: MigrateOptions,
): Promise<readonly string[]> {
  const forms = await examineTables({ queries, dialect }, { isMigrated: missing.length === 0 });
  assertUsable(forms, place, { convertEngine });
  for (const { table, engine, rows, megabytes } of forms.conversions) {
    announce(
      `${table} is converted from ${engine} to InnoDB (about ${rows} rows, ${megabytes} MB) and locked meanwhile`,
    );
    await schemaEditor(dialect.kind, queries).modernise(table);
  }
  for (const table of forms.rebuilt) announce(`${table} is rebuilt with row format DYNAMIC, which its indexes require`);
  return forms.notes;
}

/** By the names of their files. They run in the order of their numbers. */
const steps: Readonly<Record<MigrationName, (step: MigrationStep) => Promise<void>>> = {
  '0001-legacy-tables': legacyTables,
  '0002-ferry-columns': ferryColumns,
  '0003-copies': copies,
  '0004-history': history,
  '0005-pull-budgets': pullBudgets,
  '0006-upstreams': upstreams,
  '0007-pushed-images': pushedImages,
  '0008-uploads': uploads,
  '0009-audits': audits,
  '0010-notifications': notifications,
  '0011-upstream-releases': upstreamReleases,
  '0012-console': consoleTables,
};

/** Kysely types the queries of a migration without tables; here they are always the ferry's. */
function migrationsOf(dialect: DialectDifferences): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(steps).map(([name, up]) => [
      name,
      {
        up: async (queries: Kysely<FerryTables>) =>
          await up({ queries, dialect, editor: schemaEditor(dialect.kind, queries) }),
      },
    ]),
  );
}

function schemaEditor(kind: 'mysql' | 'sqlite', queries: Queries): SchemaEditor {
  return kind === 'mysql' ? new MysqlSchemaEditor(queries) : new SqliteSchemaEditor(queries);
}
