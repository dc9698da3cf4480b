import type { FormFault } from './form-fault.js';
import type { ColumnFacts, TableFacts } from './table-facts.js';

const wholeNumbers: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']);
const numbered = 'bigint not null auto_increment';
const need = 'the ferry needs an integer that the database generates for each new row';

/** Rows are read in pages and changed by `id`: it must be a unique number that new rows get automatically. */
export function idFaults(table: TableFacts, kind: 'mysql' | 'sqlite'): readonly FormFault[] {
  const id = table.columns.find(({ name }) => name === 'id');
  if (id === undefined) return [fault(table, kind, `has no column id: ${need}`, addId(table), false)];
  if (kind === 'sqlite') {
    if (id.isNumbered) return [];
    return [fault(table, kind, `is "${id.type}", not "integer primary key": ${need}`, [])];
  }
  if (id.isGenerated || !wholeNumbers.has(id.base)) {
    return [fault(table, kind, `is ${id.type}: ${need}`, replaceId(table, id))];
  }
  // A sequence as default, or a trigger, generates numbers, too.
  if (id.isNumbered || id.hasDefault || table.hasInsertTrigger) return [];
  const key = isFirstOfIndex(table) ? '' : ', add unique key (id)';
  return [fault(table, kind, `is not auto_increment: ${need}`, [alter(table, `modify id ${numbered}${key}`)])];
}

/** The fault for a table without a unique ID in which several rows share one. */
export function repeatedIdFault(table: TableFacts, kind: 'mysql' | 'sqlite'): FormFault {
  return fault(table, kind, 'has the same value in several rows, but it must be unique', [
    ...(hasPrimaryKey(table) ? [alter(table, 'modify id bigint not null, drop primary key')] : []),
    alter(table, 'drop column id'),
    alter(table, `add column id ${numbered} primary key first`),
  ]);
}

/** IDs above the largest exact number would be misread, and new rows would get higher ones. */
export function highIdFault({ name: table }: TableFacts, highest: string): FormFault {
  return {
    table,
    column: 'id',
    what: `has the value ${highest}, and new rows would get higher ones`,
    todo: 'give each row above 9007199254740991 a lower one, and reset the counter',
    statements: [`UPDATE ${table} SET id = … WHERE id = ${highest}`, `ALTER TABLE ${table} auto_increment = 1`],
  };
}

/** Whether the database ensures unique IDs. */
export function hasUniqueId({ columns, indexes }: TableFacts): boolean {
  const isKey = columns.some(({ name, base, isNumbered }) => name === 'id' && isNumbered && base === 'integer');
  return isKey || indexes.some(({ isUnique, columns: parts }) => isUnique && parts.join() === 'id');
}

function fault(
  { name: table }: TableFacts,
  kind: 'mysql' | 'sqlite',
  what: string,
  statements: readonly string[],
  isOfColumn = true,
): FormFault {
  const place = isOfColumn ? { table, column: 'id' } : { table };
  if (kind === 'mysql') return { ...place, what, statements };
  return { ...place, what, todo: moveRows(table) };
}

/** SQLite cannot change the type of a column, and no database can change the rows of a view. */
export function moveRows(table: string): string {
  const rename = `ALTER TABLE ${table} RENAME TO old_${table}`;
  return `rename it (${rename}), let "ferry migrate" make the table, and copy the rows: INSERT INTO ${table} (…) SELECT … FROM old_${table}`;
}

function addId(table: TableFacts): readonly string[] {
  const other = otherNumbered(table);
  if (other !== undefined) return [alter(table, `change ${other} id ${numbered}`)];
  return [alter(table, `add column id ${numbered} ${hasPrimaryKey(table) ? 'unique' : 'primary key'} first`)];
}

/** The old values are kept in another column, since other programs may use them. */
function replaceId(table: TableFacts, { type, isGenerated }: ColumnFacts): readonly string[] {
  const isKey = primaryKey(table).includes('id');
  const other = otherNumbered(table);
  const kept = isGenerated ? 'rename column id to old_id' : `change id old_id ${type} null`;
  const changes = [
    ...(isKey ? ['drop primary key'] : []),
    kept,
    other === undefined
      ? `add column id ${numbered} ${hasPrimaryKey(table) && !isKey ? 'unique' : 'primary key'} first`
      : `change ${other} id ${numbered}`,
  ];
  return [alter(table, changes.join(', '))];
}

function otherNumbered({ columns }: TableFacts): string | undefined {
  return columns.find(({ name, isNumbered }) => isNumbered && name !== 'id')?.name;
}

function isFirstOfIndex({ indexes }: TableFacts): boolean {
  return indexes.some(({ columns }) => columns[0] === 'id');
}

function hasPrimaryKey(table: TableFacts): boolean {
  return primaryKey(table).length > 0;
}

function primaryKey({ indexes }: TableFacts): readonly string[] {
  return indexes.find(({ name }) => name === 'PRIMARY')?.columns ?? [];
}

function alter({ name }: TableFacts, change: string): string {
  return `ALTER TABLE ${name} ${change}`;
}
