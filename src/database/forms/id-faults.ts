import type { FormFault } from './form-fault.js';
import type { ColumnFacts, TableFacts } from './table-facts.js';

const wholeNumbers: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']);
const numbered = 'bigint not null auto_increment';
const need = 'the ferry needs a whole number there that the database gives to each new row';

/** Rows are found, read page by page and changed by `id`: each row has its own, a number, and new rows get one. */
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
  // A sequence as its default, or a trigger, hands out numbers as well.
  if (id.isNumbered || id.hasDefault || table.hasInsertTrigger) return [];
  const key = isFirstOfIndex(table) ? '' : ', add unique key (id)';
  return [fault(table, kind, `is not auto_increment: ${need}`, [alter(table, `modify id ${numbered}${key}`)])];
}

/** Of a table where no index keeps two rows from having one id, and some do. */
export function repeatedIdFault(table: TableFacts, kind: 'mysql' | 'sqlite'): FormFault {
  return fault(table, kind, 'has one value in several rows, and rows are found by it', [
    ...(hasPrimaryKey(table) ? [alter(table, 'modify id bigint not null, drop primary key')] : []),
    alter(table, 'drop column id'),
    alter(table, `add column id ${numbered} primary key first`),
  ]);
}

/** Ids above what a number holds exactly would be read as others; new rows would go on from them. */
export function highIdFault({ name: table }: TableFacts, highest: string): FormFault {
  return {
    table,
    column: 'id',
    what: `has the value ${highest}, and new rows would go on from there`,
    todo: 'give each row above 9007199254740991 a lower one, and set the counter back',
    statements: [`UPDATE ${table} SET id = … WHERE id = ${highest}`, `ALTER TABLE ${table} auto_increment = 1`],
  };
}

/** Whether the database itself keeps ids apart. */
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

/** SQLite cannot change a column's type, and no database the rows of a view. */
export function moveRows(table: string): string {
  const rename = `ALTER TABLE ${table} RENAME TO old_${table}`;
  return `rename it (${rename}), let "ferry migrate" make the table, and copy the rows: INSERT INTO ${table} (…) SELECT … FROM old_${table}`;
}

function addId(table: TableFacts): readonly string[] {
  const other = otherNumbered(table);
  if (other !== undefined) return [alter(table, `change ${other} id ${numbered}`)];
  return [alter(table, `add column id ${numbered} ${hasPrimaryKey(table) ? 'unique' : 'primary key'} first`)];
}

/** What the column held is kept beside, since other programs may know rows by it. */
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
