/** Tables and columns of other programs under names that the ferry uses itself. */
import type { ColumnShape, ColumnType, TableShape } from '../table-shape.js';
import type { FormFault } from './form-fault.js';
import type { SharedTable } from './shared-tables.js';
import type { TableFacts } from './table-facts.js';

/** The ferry adds its columns where they are missing: one that is there already has to be its own. */
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
    const what = `is ${type}, and the ferry adds a column of that name (${own}) for what it keeps itself`;
    return [{ table, column: name, what, statements: [`ALTER TABLE ${table} rename column ${name} to own_${name}`] }];
  });
}

/** A table under the name of one of the ferry's own that was not made by it; undefined where it was. */
export function foreignTableFault({ name, columns }: TableShape, facts: TableFacts): FormFault | undefined {
  const present = new Set(facts.columns.map((column) => column.name));
  const isOwn = facts.kind === 'table' && Object.keys(columns).every((column) => present.has(column));
  if (isOwn) return undefined;
  const todo = 'give the ferry a database of its own (MYSQL_DB), or rename that table';
  return { table: name, what: 'belongs to another program, and the ferry keeps a table of that name', todo };
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
