/** A column's type, in words that mean the same in both dialects; texts compare byte by byte. */
export type ColumnType = 'id' | 'key' | 'integer' | 'bigint' | 'time' | 'long-text' | `text(${number})`;

export interface ColumnShape {
  readonly type: ColumnType;
  readonly required?: boolean;
}

export interface IndexShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: boolean;
}

export interface TableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnShape>>;
  /** Absent where a column of type `id` is the key. */
  readonly primaryKey?: readonly string[];
  readonly indexes?: readonly IndexShape[];
}

/** What InnoDB allows for one index; MariaDB silently turns a longer unique one into a hash. */
export const longestIndexBytes = 3072;

/** Characters of a text column, undefined for numbers and for texts that no index may hold. */
export function textLength(type: ColumnType): number | undefined {
  if (type === 'key') return 64;
  const length = /^text\((\d+)\)$/.exec(type)?.[1];
  return length === undefined ? undefined : Number(length);
}
