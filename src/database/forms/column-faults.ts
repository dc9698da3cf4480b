import type { FormFault } from './form-fault.js';
import { sharedColumns } from './shared-tables.js';
import type { ColumnUse, SharedTable } from './shared-tables.js';
import { statusStatements } from './status-words.js';
import type { ColumnFacts, TableFacts } from './table-facts.js';

const texts: ReadonlySet<string> = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);
const integers: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const moments: ReadonlySet<string> = new Set(['datetime', 'timestamp', 'date']);
const sizes: ReadonlySet<string> = new Set([...texts, ...integers, 'float', 'double']);
/** `YYYY-MM-DD HH:MM:SS`. */
const momentLength = 19;
const textAffinity = /char|clob|text/i;

/** Checks the columns that the older scripts and the ferry share: they must exist, be writable and have a usable type. */
export function sharedColumnFaults(
  table: SharedTable,
  facts: TableFacts,
  kind: 'mysql' | 'sqlite',
): readonly FormFault[] {
  return Object.entries(sharedColumns[table]).flatMap(([column, { use, isNeeded, mysql }]) => {
    const found = facts.columns.find(({ name }) => name === column);
    if (found === undefined) return isNeeded ? [missing(table, column, mysql)] : [];
    if ((found.spelling ?? column) !== column) return [spelledOtherwise(table, found)];
    if (found.isGenerated) {
      const statements = [`ALTER TABLE ${table} drop column ${column}, add column ${column} ${mysql}`];
      return [{ table, column, what: 'is a generated column, but the ferry must write it', statements }];
    }
    const bound = facts.foreignKeys.find((key) => key.column === column);
    if (bound !== undefined) {
      const what = `has a foreign key to the table ${bound.references}, but the ferry writes other values`;
      return [{ table, column, what, statements: [`ALTER TABLE ${table} drop foreign key ${bound.name}`] }];
    }
    if (kind === 'sqlite') return sqliteTypeFaults(table, found, use);
    return isFit(found, use) ? [] : [typeFault(table, found, use, mysql)];
  });
}

/** Checks columns that the ferry does not know: its inserts do not set them. */
export function ownColumnFaults(
  table: SharedTable,
  { columns, indexes, hasInsertTrigger }: TableFacts,
  known: readonly string[],
): readonly FormFault[] {
  const isKept = (column: string) =>
    indexes.some((index) => index.name === 'PRIMARY' && index.columns.includes(column));
  return (
    columns
      .filter(({ name }) => name !== 'id' && !known.includes(name) && !Object.hasOwn(sharedColumns[table], name))
      .filter(({ hasDefault, isGenerated, isNumbered }) => !hasDefault && !isGenerated && !isNumbered)
      // An enum without a default gets its first value, and a trigger may fill any column.
      .filter(({ base }) => base !== 'enum' && !hasInsertTrigger)
      .map(({ name, type }) => ({
        table,
        column: name,
        what: `(${type}) is NOT NULL without a default, but the ferry's inserts do not set it`,
        statements: isKept(name)
          ? [`ALTER TABLE ${table} alter column ${name} set default …`]
          : [`ALTER TABLE ${table} modify ${name} ${type} null`],
      }))
  );
}

/** The fault for a missing column. */
export function missing(table: string, column: string, type: string): FormFault {
  return { table, column, what: 'is missing', statements: [`ALTER TABLE ${table} add column ${column} ${type}`] };
}

export function spelledOtherwise(table: SharedTable, { name, spelling = name }: ColumnFacts): FormFault {
  const statements = [
    `ALTER TABLE ${table} rename column ${spelling} to ${name}_`,
    `ALTER TABLE ${table} rename column ${name}_ to ${name}`,
  ];
  return { table, column: spelling, what: `must be spelled ${name} in SQLite`, statements };
}

function isFit({ base, length, type }: ColumnFacts, use: ColumnUse): boolean {
  switch (use) {
    case 'text':
      return texts.has(base);
    case 'status':
      return integers.has(base);
    case 'time':
      return moments.has(base) || (texts.has(base) && (length ?? 0) >= momentLength);
    case 'size':
      return sizes.has(base) || isWideDecimal(type);
    default:
      return use satisfies never;
  }
}

/** Wide enough for the size of any image in megabytes. */
function isWideDecimal(type: string): boolean {
  const [, digits, fraction] = /^decimal\((\d+),(\d+)\)/i.exec(type) ?? [];
  return digits !== undefined && Number(digits) - Number(fraction) >= 7;
}

function typeFault(table: SharedTable, column: ColumnFacts, use: ColumnUse, mysql: string): FormFault {
  const { name, type, base } = column;
  const place = { table, column: name };
  if (use === 'status') {
    const todo = 'the ferry needs an integer: 0 pending, 1 pushed, 2 blocked, 3 withdrawn';
    return { ...place, what: `is ${type}`, todo, statements: statusStatements(table, column) };
  }
  if (use === 'time' && integers.has(base)) {
    return {
      ...place,
      what: `is ${type}`,
      todo: 'the ferry writes a date and time; to convert seconds since 1970',
      statements: [
        `ALTER TABLE ${table} add column as_${name} ${mysql}`,
        `UPDATE ${table} SET as_${name} = from_unixtime(${name})`,
        `ALTER TABLE ${table} drop column ${name}, rename column as_${name} to ${name}`,
      ],
    };
  }
  const written = { text: 'text', time: 'a date and time', size: 'a number of megabytes' }[use];
  const statements = [`ALTER TABLE ${table} modify ${name} ${mysql}`];
  return { ...place, what: `is ${type}, but the ferry writes ${written}`, statements };
}

/** SQLite accepts any value, but converts numbers to text in a column with a text type. */
function sqliteTypeFaults(table: SharedTable, { name, type }: ColumnFacts, use: ColumnUse): readonly FormFault[] {
  if (use !== 'status' || !textAffinity.test(type)) return [];
  return [
    {
      table,
      column: name,
      what: `is ${type}`,
      todo: 'the ferry needs an integer: 0 pending, 1 pushed, 2 blocked, 3 withdrawn',
      statements: [
        `ALTER TABLE ${table} rename column ${name} to old_${name}`,
        `ALTER TABLE ${table} add column ${name} integer default 0`,
        `UPDATE ${table} SET ${name} = cast(old_${name} as integer)`,
      ],
    },
  ];
}
