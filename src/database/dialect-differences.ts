import type { Kysely, RawBuilder } from 'kysely';

import type { FerryTables } from './tables.js';

/** Queries of a connection or of a transaction: Kysely's transactions are Kyselys too. */
export type Queries = Kysely<FerryTables>;

export type TableName = keyof FerryTables;

export type RowValues = Readonly<Record<string, string | number | null>>;

/** What MySQL and SQLite do differently, as far as the stores need it; one implementation beside each dialect. */
export interface DialectDifferences {
  readonly kind: 'mysql' | 'sqlite';
  /** The database's clock, UTC milliseconds: the one clock that all processes share. */
  now(queries: Queries): Promise<number>;
  /**
   * Inserts the rows whose key is not there yet, and leaves the others as they are. All rows name the same columns.
   * @param key columns of the primary or of a unique key
   * @returns how many were inserted
   */
  insertAbsent(
    queries: Queries,
    table: TableName,
    rows: readonly RowValues[],
    key: readonly [string, ...string[]],
  ): Promise<number>;
  /** Inserts the rows, or sets every column that is not part of the key where the key is there. */
  upsert(
    queries: Queries,
    table: TableName,
    rows: readonly RowValues[],
    key: readonly [string, ...string[]],
  ): Promise<void>;
  /**
   * Deletes rows whose `age`, a column or what is made of columns, is below a value, at most `limit` of them.
   * @returns how many were deleted
   */
  deleteSome(
    queries: Queries,
    table: TableName,
    which: { readonly age: RawBuilder<unknown>; readonly below: number; readonly limit: number },
  ): Promise<number>;
  /** An expression that is above 0 where one of these text columns holds a NUL that its text, once read, does not show. */
  holdsNul(columns: readonly string[]): RawBuilder<number>;
  /** Makes a query of a transaction lock what it reads until the end of the transaction. */
  locking<Q extends { forUpdate(): Q }>(query: Q): Q;
}
