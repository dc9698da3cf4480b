import type { ColumnShape, IndexShape, TableShape } from './table-shape.js';

/**
 * Changes to tables that can be repeated: each looks first whether it has been made. MySQL commits every change of a
 * table by itself, so a migration that was killed in its middle has to be able to run again.
 */
export interface SchemaEditor {
  createTable(shape: TableShape): Promise<void>;
  addColumns(table: string, columns: Readonly<Record<string, ColumnShape>>): Promise<void>;
  addIndex(table: string, index: IndexShape): Promise<void>;
  /** Adds an index of a table that others made, unless one begins with these columns or its rows or widths forbid it. */
  addIndexIfPossible(table: string, index: IndexShape): Promise<void>;
  /** Makes a table that others made fit for transactions and for the ferry's indexes. */
  modernise(table: string): Promise<void>;
  /** Makes a text column of a table that others made at least this long, or comparing byte by byte, or both. */
  widenText(
    table: string,
    column: string,
    imageRequest: { readonly length?: number; readonly binary?: boolean },
  ): Promise<void>;
}
