import type { ColumnShape, IndexShape, TableShape } from './table-shape.js';

/**
 * Idempotent changes to tables: each checks first whether it was made. MySQL commits every schema change separately, so an
 * interrupted migration must be able to run again.
 */
export interface SchemaEditor {
  createTable(shape: TableShape): Promise<void>;
  /** Columns that are computed from others must come after them. */
  addColumns(table: string, columns: Readonly<Record<string, ColumnShape>>): Promise<void>;
  addIndex(table: string, index: IndexShape): Promise<void>;
  /** Adds an index to another program's table, unless one starts with these columns or its rows or widths prevent it. */
  addIndexIfPossible(table: string, index: IndexShape): Promise<void>;
  /** Converts another program's table, so that it supports transactions and the ferry's indexes. */
  modernise(table: string): Promise<void>;
  /** Widens a text column of another program's table, or makes its comparison binary, or both. */
  widenText(
    table: string,
    column: string,
    wanted: { readonly length?: number; readonly binary?: boolean },
  ): Promise<void>;
}
