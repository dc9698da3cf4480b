/** A column type for both dialects; texts compare byte by byte. */
export type ColumnType = 'id' | 'key' | 'integer' | 'bigint' | 'time' | 'long-text' | `text(${number})`;

export interface ColumnShape {
  readonly type: ColumnType;
  readonly required?: boolean;
  /** The database computes it from other columns of the row by this expression, so that an index can hold the result. */
  readonly computed?: string;
}

export interface IndexShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: boolean;
}

export interface TableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnShape>>;
  /** Absent if a column of type `id` is the key. */
  readonly primaryKey?: readonly string[];
  readonly indexes?: readonly IndexShape[];
}

/** Limit of InnoDB for one index; MariaDB silently converts a longer unique one to a hash index. */
export const longestIndexBytes = 3072;

/** Length of a text column in characters; undefined for numbers and for texts that cannot be indexed. */
export function textLength(type: ColumnType): number | undefined {
  if (type === 'key') return 64;
  const length = /^text\((\d+)\)$/.exec(type)?.[1];
  return length === undefined ? undefined : Number(length);
}
