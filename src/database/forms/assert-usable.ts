import { DatabaseFault } from '../database-fault.js';
import type { TableForms } from './examine-tables.js';

/** @throws DatabaseFault naming every table and column that the ferry cannot work with, and what to type */
export function assertUsable(
  forms: TableForms,
  place: string,
  { convertEngine }: { readonly convertEngine: boolean },
): void {
  const faults = schemaIssues(forms, { convertEngine });
  if (faults.length === 0) return;
  const lines = faults.map((line) => `\n  - ${line}`).join('');
  throw new DatabaseFault(
    `${place}: its tables cannot be used as they are, and nothing was changed:${lines}`,
    'refused',
  );
}

/** A sentence for each, in the words that every command uses. */
export function schemaIssues(
  { faults, conversions }: TableForms,
  { convertEngine }: { readonly convertEngine: boolean },
): readonly string[] {
  if (convertEngine) return faults;
  const said = conversions.map(
    ({ table, engine, rows, megabytes }) =>
      `${table} is a table of the engine ${engine} (about ${rows} rows, ${megabytes} MB), which has no transactions; it is rebuilt as InnoDB, and locked meanwhile, when you say so: make a backup, then type: ferry migrate --convert-engine (or: ALTER TABLE ${table} ENGINE=InnoDB, ROW_FORMAT=DYNAMIC;)`,
  );
  return [...faults, ...said];
}
