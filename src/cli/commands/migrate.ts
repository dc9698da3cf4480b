import { openMigrated } from '../../composition/stores.js';
import { readPlaceConfig } from '../../config/read-config.js';
import { createStores } from '../../database/stores.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine } from '../output.js';

export async function migrateCommand({ json = false }: { readonly json?: boolean }): Promise<number> {
  const { database: settings } = readPlaceConfig(process.env);
  const { database, applied } = await openMigrated(settings);
  try {
    const rows = await createStores(database).wanted.adoptRows();
    if (json) {
      printJson({ applied, rows });
      return ExitStatus.done;
    }
    printLine(applied.length === 0 ? 'The tables are up to date.' : `Applied: ${applied.join(', ')}`);
    const { adopted, duplicates, refused } = rows;
    if (adopted + duplicates + refused > 0) {
      const doubled = `${duplicates} ${duplicates === 1 ? 'duplicate' : 'duplicates'}`;
      const why = refused === 0 ? '' : '; "ferry list parked" says why';
      printLine(`Rows read: ${adopted} taken over, ${doubled}, ${refused} refused${why}.`);
    }
    return ExitStatus.done;
  } finally {
    await database.close();
  }
}
