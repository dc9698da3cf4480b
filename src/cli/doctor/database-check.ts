import { CheckWarning } from '../../checks/check.js';
import type { Check } from '../../checks/check.js';
import type { BaseConfig } from '../../config/base-config.js';
import { openDatabaseReadOnly } from '../../database/ferry-database.js';
import { schemaIssues } from '../../database/forms/assert-usable.js';
import { examineTables } from '../../database/forms/examine-tables.js';
import { assertMade, missingSteps } from '../../database/made-migrations.js';
import { serverVersion } from '../../database/server-version.js';
import { createStores } from '../../database/stores.js';
import { FerryError } from '../../domain/ferry-error.js';
import { unverifiedRows } from '../unverified-rows.js';

export function databaseCheck({ database: settings }: Pick<BaseConfig, 'database'>): Check {
  return {
    part: 'database',
    async run() {
      const database = await openDatabaseReadOnly(settings);
      try {
        const { text, tooOld } = await serverVersion(database);
        if (tooOld !== undefined) throw fault(`${text}: ${tooOld}`);
        const missingMigrations = await missingSteps(database);
        const forms = await examineTables(database, { isMigrated: missingMigrations.length === 0 });
        const faults = schemaIssues(forms, { convertEngine: false });
        if (faults.length > 0) throw fault(`${text}, ${database.place}: ${faults.join('\n')}`);
        await assertMade(database);
        if (missingMigrations.length > 0) throw fault(`${text}: the tables are not up to date: run "ferry migrate"`);
        const message = `${text}, ${settings.kind === 'sqlite' ? settings.path : `${settings.database} at ${settings.host}`}`;
        const unverified = await createStores(database).status.unverified();
        const unverifiedNotes = unverified > 0 ? [unverifiedRows(unverified)] : [];
        const notes = [...database.notes, ...forms.notes, ...unverifiedNotes];
        if (notes.length > 0) throw new CheckWarning([message, ...notes].join('\n'));
        return message;
      } finally {
        await database.close();
      }
    },
  };
}

function fault(message: string): FerryError {
  return new FerryError(message, { code: 'database', decision: 'block' });
}
