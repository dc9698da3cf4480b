import { openMigrated } from '../../composition/stores.js';
import { readPlaceConfig } from '../../config/read-config.js';
import { variableNotes } from '../../config/variable-notes.js';
import { createStores } from '../../database/stores.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';
import { unverifiedRows } from '../unverified-rows.js';

export interface MigrateCommandOptions {
  /** Tables of an engine without transactions are rebuilt. */
  readonly convertEngine?: boolean;
  readonly json?: boolean;
}

export async function migrateCommand({ convertEngine = false, json = false }: MigrateCommandOptions): Promise<number> {
  const { database: settings } = readPlaceConfig(process.env);
  for (const note of variableNotes(process.env)) say(`note: ${note}`);
  const { database, applied, notes } = await openMigrated(settings, { convertEngine, announce: say });
  for (const note of notes) say(`note: ${note}`);
  try {
    const { wanted, console } = createStores(database);
    const rows = await wanted.adoptRows();
    const unverified = await console.unverified();
    if (json) {
      printJson({ applied, rows, unverified });
      return ExitStatus.done;
    }
    printLine(applied.length === 0 ? 'The tables are up to date.' : `Applied: ${applied.join(', ')}`);
    const { adopted, duplicates, refused } = rows;
    if (adopted + duplicates + refused > 0) {
      const doubled = `${duplicates} ${duplicates === 1 ? 'duplicate' : 'duplicates'}`;
      const why = refused === 0 ? '' : '; "ferry list parked" says why';
      printLine(`Rows read: ${adopted} taken over, ${doubled}, ${refused} refused${why}.`);
    }
    if (unverified > 0) printLine(`${unverifiedRows(unverified)}.`);
    return ExitStatus.done;
  } finally {
    await database.close();
  }
}
