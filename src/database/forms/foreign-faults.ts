/** Tables and columns of other programs whose names the ferry uses itself. */
import type { ColumnShape, ColumnType, TableShape } from '../table-shape.js';
import type { FormFault } from './form-fault.js';
import type { SharedTable } from './shared-tables.js';
import type { TableFacts } from './table-facts.js';

/** The ferry adds missing columns. An existing one with the same name must be the ferry's own. */
export function addedColumnFaults(
  table: SharedTable,
  { columns }: TableFacts,
  shapes: Readonly<Record<string, ColumnShape>>,
  kind: 'mysql' | 'sqlite',
): readonly FormFault[] {
  return columns.flatMap(({ name, type }) => {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) return [];
    const own = kind === 'mysql' ? mysqlType(shape.type) : sqliteType(shape.type);
    if (withoutWidth(type) === own) return [];
    const what = `is ${type}, but the ferry needs its own column of that name (${own})`;
    return [{ table, column: name, what, statements: [`ALTER TABLE ${table} rename column ${name} to own_${name}`] }];
  });
}

/** Checks for a table of another program with the name of a ferry table; undefined if the ferry created it. */
export function foreignTableFault({ name, columns }: TableShape, facts: TableFacts): FormFault | undefined {
  const present = new Set(facts.columns.map((column) => column.name));
  const isOwn = facts.kind === 'table' && Object.keys(columns).every((column) => present.has(column));
  if (isOwn) return undefined;
  const todo = 'use a separate database for the ferry (MYSQL_DB), or rename that table';
  return { table: name, what: 'belongs to another program, but the ferry needs a table of that name', todo };
}

export function mysqlType(type: ColumnType): string {
  switch (type) {
    case 'id':
    case 'bigint':
      return 'bigint';
    case 'key':
      return 'char(64)';
    case 'integer':
      return 'int';
    case 'time':
      return 'datetime';
    case 'long-text':
      return 'mediumtext';
    default:
      return type.replace('text', 'varchar');
  }
}

function sqliteType(type: ColumnType): string {
  return type === 'integer' || type === 'bigint' || type === 'id' ? 'integer' : 'text';
}

/** `int(11)` and `int` are the same. */
function withoutWidth(type: string): string {
  return type.toLowerCase().replace(/^((?:big)?int)\(\d+\)/, '$1');
}
