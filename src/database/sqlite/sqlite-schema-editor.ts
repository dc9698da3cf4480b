import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import type { SchemaEditor } from '../schema-editor.js';
import type { ColumnShape, ColumnType, IndexShape, TableShape } from '../table-shape.js';

/** SQLite's texts have no length and compare byte by byte, which makes many changes unnecessary. */
export class SqliteSchemaEditor implements SchemaEditor {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async createTable({ name, columns, primaryKey, indexes = [] }: TableShape): Promise<void> {
    const lines = Object.entries(columns).map(([column, shape]) => `"${column}" ${definition(shape)}`);
    if (primaryKey !== undefined) lines.push(`primary key (${primaryKey.map(quoted).join(', ')})`);
    await this.#run(`create table if not exists "${name}" (${lines.join(', ')})`);
    for (const index of indexes) await this.addIndex(name, index);
  }

  async addColumns(table: string, columns: Readonly<Record<string, ColumnShape>>): Promise<void> {
    // Column names are case-insensitive.
    const present = new Set(await this.#names(`select lower(name) as name from pragma_table_xinfo('${table}')`));
    for (const [column, shape] of Object.entries(columns)) {
      if (!present.has(column)) await this.#run(`alter table "${table}" add column "${column}" ${definition(shape)}`);
    }
  }

  async addIndex(table: string, { name, columns, unique = false }: IndexShape): Promise<void> {
    // Index names are unique per file, not per table.
    const kind = unique ? 'unique index' : 'index';
    await this.#run(`create ${kind} if not exists "${name}" on "${table}" (${columns.map(quoted).join(', ')})`);
  }

  async addIndexIfPossible(table: string, index: IndexShape): Promise<void> {
    const wanted = index.columns.join();
    for (const name of await this.#names(`select name from pragma_index_list('${table}')`)) {
      const columns = await this.#names(`select name from pragma_index_info('${name}') order by seqno`);
      if (columns.slice(0, index.columns.length).join() === wanted) return;
    }
    if (index.unique === true && (await this.#hasRepeatedRows(table, index.columns))) return;
    await this.addIndex(table, index);
  }

  async modernise(): Promise<void> {}

  async widenText(): Promise<void> {}

  async #hasRepeatedRows(table: string, columns: readonly string[]): Promise<boolean> {
    const list = columns.map(quoted).join(', ');
    const { rows } = await sql
      .raw(`select 1 from "${table}" group by ${list} having count(*) > 1 limit 1`)
      .execute(this.#queries);
    return rows.length > 0;
  }

  async #names(query: string): Promise<string[]> {
    const { rows } = await sql.raw<{ name: string }>(query).execute(this.#queries);
    return rows.map(({ name }) => name);
  }

  async #run(statement: string): Promise<void> {
    await sql.raw(statement).execute(this.#queries);
  }
}

function quoted(column: string): string {
  return `"${column}"`;
}

function definition({ type, required = false, computed }: ColumnShape): string {
  if (type === 'id') return 'integer primary key autoincrement';
  if (computed !== undefined) return `${typeName(type)} as (${computed}) virtual`;
  return `${typeName(type)}${required ? ' not null' : ''}`;
}

function typeName(type: Exclude<ColumnType, 'id'>): string {
  return type === 'integer' || type === 'bigint' ? 'integer' : 'text';
}
