import type { Kysely, RawBuilder } from 'kysely';

import type { FerryTables } from './tables.js';

/** Queries of a connection or of a transaction: Kysely's transactions are Kyselys too. */
export type Queries = Kysely<FerryTables>;

export type TableName = keyof FerryTables;

/** An expression, such as the clock, counts as a value. */
export type RowValues = Readonly<Record<string, string | number | null | RawBuilder<number>>>;

/** The differences between MySQL and SQLite that the stores need; one implementation per dialect. */
export interface DialectDifferences {
  readonly kind: 'mysql' | 'sqlite';
  /** The database's clock, UTC milliseconds: the one clock that all processes share. */
  now(queries: Queries): Promise<number>;
  /** An expression for the same time, at the start of the statement that contains it. */
  clock(): RawBuilder<number>;
  /**
   * Inserts rows whose key does not exist yet, and does not change the others. All rows have the same columns.
   * @param key columns of the primary or of a unique key
   * @returns how many were inserted
   */
  insertAbsent(
    queries: Queries,
    table: TableName,
    rows: readonly RowValues[],
    key: readonly [string, ...string[]],
  ): Promise<number>;
  /** Inserts rows, or sets every column outside of the key if the key exists. */
  upsert(
    queries: Queries,
    table: TableName,
    rows: readonly RowValues[],
    key: readonly [string, ...string[]],
  ): Promise<void>;
  /**
   * Deletes at most `limit` rows whose `age`, a column or an expression, is below a value.
   * @returns how many were deleted
   */
  deleteSome(
    queries: Queries,
    table: TableName,
    which: { readonly age: RawBuilder<unknown>; readonly below: number; readonly limit: number },
  ): Promise<number>;
  /**
   * A table in a statement that changes rows by their primary key. In a small table MySQL would otherwise read all rows, and
   * wait for those that another transaction has inserted.
   */
  byPrimaryKey(table: TableName): RawBuilder<unknown>;
  /** An expression that is above 0 if one of these text columns contains a NUL that the driver does not return. */
  holdsNul(columns: readonly string[]): RawBuilder<number>;
  /** Makes a query lock the rows that it reads until the end of the transaction. */
  locking<Q extends { forUpdate(): Q }>(query: Q): Q;
}
