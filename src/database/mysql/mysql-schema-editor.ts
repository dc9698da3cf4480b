import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';
import type { SchemaEditor } from '../schema-editor.js';
import { longestIndexBytes } from '../table-shape.js';
import type { ColumnShape, IndexShape, TableShape } from '../table-shape.js';

const binaryText = 'character set utf8mb4 collate utf8mb4_bin';

/** Each change checks `information_schema` first. Names come only from the migrations. */
export class MysqlSchemaEditor implements SchemaEditor {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async createTable({ name, columns, primaryKey, indexes = [] }: TableShape): Promise<void> {
    // With its indexes in one statement, so that the table is never incomplete.
    const lines = Object.entries(columns).map(([column, shape]) => `\`${column}\` ${definition(shape)}`);
    if (primaryKey !== undefined) lines.push(`primary key (${primaryKey.map(quoted).join(', ')})`);
    lines.push(...indexes.map(indexLine));
    const options = `engine = InnoDB row_format = dynamic default ${binaryText}`;
    await this.#run(`create table if not exists \`${name}\` (${lines.join(', ')}) ${options}`);
  }

  async addColumns(table: string, columns: Readonly<Record<string, ColumnShape>>): Promise<void> {
    const present = new Set((await this.#columns(table)).map(({ name }) => name.toLowerCase()));
    const added = Object.entries(columns).filter(([column]) => !present.has(column));
    const line = ([column, shape]: (typeof added)[number]): string => `add column \`${column}\` ${definition(shape)}`;
    const stored = added.filter(([, { computed }]) => computed === undefined).map(line);
    if (stored.length > 0) await this.#run(`alter table \`${table}\` ${stored.join(', ')}`);
    // Beside other changes, MariaDB would copy the whole table, and refuse values that its rows had before strict mode.
    for (const column of added.filter(([, { computed }]) => computed !== undefined)) {
      await this.#run(`alter table \`${table}\` ${line(column)}`);
    }
  }

  async addIndex(table: string, index: IndexShape): Promise<void> {
    const present = await this.#indexes(table);
    if (!present.some(({ name }) => name === index.name)) {
      await this.#run(`alter table \`${table}\` add ${indexLine(index)}`);
    }
  }

  async addIndexIfPossible(table: string, index: IndexShape): Promise<void> {
    const present = await this.#indexes(table);
    if (present.some(({ columns }) => columns.slice(0, index.columns.length).join() === index.columns.join())) return;
    const widths = await this.#columns(table);
    const bytes = widths
      .filter(({ name }) => index.columns.includes(name.toLowerCase()))
      // An index can contain only a prefix of texts of these types.
      .map(({ bytes: width, type }) => (/text|blob|json/i.test(type) ? longestIndexBytes + 1 : Number(width ?? 8)));
    if (bytes.reduce((sum, width) => sum + width, 0) > longestIndexBytes) return;
    if (index.unique === true && (await this.#hasRepeatedRows(table, index.columns))) return;
    await this.#run(`alter table \`${table}\` add ${indexLine(index)}`);
  }

  async modernise(table: string): Promise<void> {
    const { rows } = await sql<{ engine: string; format: string }>`
      select engine as engine, row_format as format from information_schema.tables
      where table_schema = database() and table_name = ${table}`.execute(this.#queries);
    const engine = rows[0]?.engine.toLowerCase();
    const format = rows[0]?.format.toLowerCase();
    // MyISAM has no transactions, and the old row formats do not support long indexes.
    if (engine === 'innodb' && format !== 'compact' && format !== 'redundant') return;
    await this.#run(`alter table \`${table}\` engine = InnoDB, row_format = dynamic`);
  }

  async widenText(
    table: string,
    column: string,
    { length = 0, binary = false }: { readonly length?: number; readonly binary?: boolean },
  ): Promise<void> {
    const found = (await this.#columns(table)).find(({ name }) => name.toLowerCase() === column);
    if (found === undefined || found.charset === null || found.characters === null) return;
    // Keep its character set: a wider one could make an index too long.
    const collation = binary ? `${found.charset}_bin` : found.collation;
    const isLongEnough = Number(found.characters) >= length;
    if (isLongEnough && collation === found.collation) return;
    const type = isLongEnough ? found.type : `varchar(${length})`;
    const rest = await this.#restOfDefinition(table, column);
    await this.#run(
      `alter table \`${table}\` modify \`${column}\` ${type} character set ${found.charset} collate ${collation} ${rest}`,
    );
  }

  /** The part after a column's type and collation: nullability, default, comment, as printed by the server. */
  async #restOfDefinition(table: string, column: string): Promise<string> {
    const { rows } = await sql.raw<Record<string, string>>(`show create table \`${table}\``).execute(this.#queries);
    const lines = (rows[0]?.['Create Table'] ?? '').split('\n');
    const line = lines.find((candidate) => candidate.trimStart().toLowerCase().startsWith(`\`${column}\` `)) ?? '';
    const type = /^\s*`[^`]+` \w+(?:\(\d+\))?(?: character set \w+)?(?: collate \w+)?(.*?),?$/i;
    return type.exec(line)?.[1]?.trim() ?? '';
  }

  async #hasRepeatedRows(table: string, columns: readonly string[]): Promise<boolean> {
    const list = columns.map(quoted).join(', ');
    const { rows } = await sql
      .raw(`select 1 from \`${table}\` group by ${list} having count(*) > 1 limit 1`)
      .execute(this.#queries);
    return rows.length > 0;
  }

  async #columns(table: string): Promise<readonly ColumnRow[]> {
    const { rows } = await sql<ColumnRow>`
      select column_name as name, column_type as type, character_maximum_length as characters,
        character_octet_length as bytes, character_set_name as charset, collation_name as collation
      from information_schema.columns
      where table_schema = database() and table_name = ${table}`.execute(this.#queries);
    return rows;
  }

  async #indexes(table: string): Promise<{ name: string; columns: string[] }[]> {
    const { rows } = await sql<{ name: string; column: string }>`
      select index_name as name, column_name as \`column\` from information_schema.statistics
      where table_schema = database() and table_name = ${table}
      order by index_name, seq_in_index`.execute(this.#queries);
    const indexes = new Map<string, string[]>();
    for (const { name, column } of rows) indexes.set(name, [...(indexes.get(name) ?? []), column.toLowerCase()]);
    return [...indexes].map(([name, columns]) => ({ name, columns }));
  }

  async #run(statement: string): Promise<void> {
    await sql.raw(statement).execute(this.#queries);
  }
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly characters: number | string | null;
  readonly bytes: number | string | null;
  readonly charset: string | null;
  readonly collation: string | null;
}

function quoted(column: string): string {
  return `\`${column}\``;
}

function indexLine({ name, columns, unique = false }: IndexShape): string {
  return `${unique ? 'unique ' : ''}key \`${name}\` (${columns.map(quoted).join(', ')})`;
}

function definition({ type, required = false, computed }: ColumnShape): string {
  const nullable = required ? ' not null' : ' null';
  // MariaDB allows no NULL beside an expression.
  const nullness = computed === undefined ? nullable : ` as (${computed}) virtual`;
  switch (type) {
    case 'id':
      return 'bigint not null auto_increment primary key';
    case 'key':
      return `char(64) ${binaryText}${nullness}`;
    case 'integer':
      return `int${nullness}`;
    case 'bigint':
      return `bigint${nullness}`;
    case 'time':
      return `datetime${nullness}`;
    case 'long-text':
      return `mediumtext ${binaryText}${nullness}`;
    default:
      return `${type.replace('text', 'varchar')} ${binaryText}${nullness}`;
  }
}
