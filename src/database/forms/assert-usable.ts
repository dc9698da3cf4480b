import { DatabaseFault } from '../database-fault.js';
import type { TableForms } from './examine-tables.js';

/** @throws DatabaseFault with every unusable table and column, and the statements that fix it */
export function assertUsable(
  forms: TableForms,
  place: string,
  { convertEngine }: { readonly convertEngine: boolean },
): void {
  const faults = schemaIssues(forms, { convertEngine });
  if (faults.length === 0) return;
  const lines = faults.map((line) => `\n  - ${line}`).join('');
  throw new DatabaseFault(`${place}: the existing tables are not usable, and nothing was changed:${lines}`, 'refused');
}

/** One sentence per issue. All commands use the same wording. */
export function schemaIssues(
  { faults, conversions }: TableForms,
  { convertEngine }: { readonly convertEngine: boolean },
): readonly string[] {
  if (convertEngine) return faults;
  const said = conversions.map(
    ({ table, engine, rows, megabytes }) =>
      `${table} uses the engine ${engine} (about ${rows} rows, ${megabytes} MB), which has no transactions. Make a backup, then convert it to InnoDB, which locks the table meanwhile: ferry migrate --convert-engine (or: ALTER TABLE ${table} ENGINE=InnoDB, ROW_FORMAT=DYNAMIC;)`,
  );
  return [...faults, ...said];
}
