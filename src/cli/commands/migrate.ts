import { resolve } from 'node:path';

import { openMigrated } from '../../composition/open-stores.js';
import { configWarnings } from '../../config/config-warnings.js';
import { readTargetsConfig } from '../../config/read-config.js';
import type { FerryDatabase } from '../../database/ferry-database.js';
import { moveState } from '../../database/moving/move-state.js';
import type { MovedTable } from '../../database/moving/moved-tables.js';
import { openSnapshot } from '../../database/moving/sqlite-snapshot.js';
import { findSharedNames } from '../../database/shared-names.js';
import { createStores } from '../../database/stores.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printTable, printMessage } from '../output.js';
import { sharedNameLines } from '../shared-name-lines.js';
import { unverifiedRows } from '../unverified-rows.js';

export interface MigrateCommandOptions {
  /** Rebuilds tables of a storage engine without transactions. */
  readonly convertEngine?: boolean;
  /** SQLite file of another ferry; its state is moved to the configured database. */
  readonly from?: string | undefined;
  readonly json?: boolean;
}

export async function migrateCommand({
  convertEngine = false,
  from,
  json = false,
}: MigrateCommandOptions): Promise<number> {
  const { database: settings, targets } = readTargetsConfig(process.env);
  if (from !== undefined && settings.kind === 'sqlite' && resolve(from) === resolve(settings.path)) {
    throw new InvalidInput(
      `--from ${from} is the configured database itself: set MYSQL_HOST to the server to move to`,
      'configuration',
    );
  }
  const source = from === undefined ? undefined : await openSnapshot(from);
  for (const note of configWarnings(process.env)) printMessage(`note: ${note}`);
  let database: FerryDatabase | undefined;
  try {
    const opened = await openMigrated(settings, { convertEngine, announce: printMessage });
    const { applied, notes } = opened;
    database = opened.database;
    for (const note of notes) printMessage(`note: ${note}`);
    const { wanted, status } = createStores(database);
    const rows = await wanted.normalizeRows();
    const moved = source === undefined ? undefined : await moveState(source, database);
    const unverified = await status.unverified();
    const sharedNames = await findSharedNames(database.queries);
    if (json) {
      printJson({ applied, rows, unverified, sharedNames, moved });
      return ExitStatus.done;
    }
    printLine(applied.length === 0 ? 'The tables are up to date.' : `Applied: ${applied.join(', ')}`);
    const { adopted, duplicates, refused } = rows;
    if (adopted + duplicates + refused > 0) {
      const doubled = `${duplicates} ${duplicates === 1 ? 'duplicate' : 'duplicates'}`;
      const why = refused === 0 ? '' : '; "ferry list blocked" says why';
      printLine(`Rows normalized: ${adopted} valid, ${doubled}, ${refused} invalid${why}.`);
    }
    if (moved !== undefined) printMoved(moved, from ?? '', database.place);
    for (const line of sharedNameLines(sharedNames, targets)) printLine(line);
    if (unverified > 0) printLine(`${unverifiedRows(unverified)}.`);
    return ExitStatus.done;
  } finally {
    await database?.close();
    await source?.close();
  }
}

function printMoved(moved: readonly MovedTable[], from: string, place: string): void {
  printLine(`Moved from ${from} to ${place}; existing rows are unchanged:`);
  printTable(
    ['TABLE', 'IN FILE', 'MOVED', 'ALREADY PRESENT'],
    moved.map(({ table, rows, moved: inserted, kept }) => [table, String(rows), String(inserted), String(kept)]),
  );
}
