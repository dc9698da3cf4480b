/** Which migrations a database has. Apart from the migrations, which commands that only read do not load. */
import { sql } from 'kysely';

import { DatabaseFault, missingDatabase, MissingDatabase } from './database-fault.js';
import type { Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';

/** The names of their files, in their order. */
const migrationNames = [
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
] as const;
export type MigrationName = (typeof migrationNames)[number];

/** Migrations that `migrate` would run; read-only. @throws DatabaseFault if a newer version created the tables */
export async function missingSteps({ queries }: Pick<FerryDatabase, 'queries'>): Promise<readonly string[]> {
  return missingAmong(await stepsMade(queries));
}

/**
 * For commands that read or change rows: they neither create nor take over tables.
 * @throws MissingDatabase if the ferry's tables do not exist
 */
export async function assertMade(database: FerryDatabase): Promise<void> {
  await madeSteps(database);
}

/** @throws MissingDatabase as above; DatabaseFault if migrations are missing, or if a newer version created the tables */
export async function assertUpToDate(database: FerryDatabase): Promise<void> {
  const missing = missingAmong(await madeSteps(database));
  if (missing.length === 0) return;
  throw new DatabaseFault(
    `the tables in ${database.place} are not up to date (${missing.join(', ')}): run "ferry migrate"`,
    'refused',
  );
}

async function madeSteps({ queries, dialect, place }: FerryDatabase): Promise<readonly string[]> {
  const made = await stepsMade(queries);
  if (made.length > 0) return made;
  const { hasNoTables } = await import('./forms/examine-tables.js');
  throw (await hasNoTables({ queries, dialect }))
    ? missingDatabase(
        `the database is empty: ${place} has no tables yet (FERRY_DATA_DIR, or MYSQL_HOST and MYSQL_DB, select the database)`,
      )
    : new MissingDatabase(
        `the tables in ${place} were not taken over by the ferry yet: run "ferry migrate"`,
        'refused',
      );
}

function missingAmong(made: readonly string[]): readonly string[] {
  const known: readonly string[] = migrationNames;
  const newer = made.filter((name) => !known.includes(name));
  if (newer.length === 0) return known.filter((name) => !made.includes(name));
  throw new DatabaseFault(
    `the database was last migrated by a newer Image Ferry (${newer.join(', ')}): update this one to use it, or restore the backup from before that update (docs/upgrades.md)`,
    'refused',
  );
}

async function stepsMade(queries: Queries): Promise<readonly string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(queries);
    return rows.map(({ name }) => name);
  } catch (error) {
    // The table does not exist before the first migration.
    if (error instanceof DatabaseFault && error.faultKind === 'statement') return [];
    throw error;
  }
}
