/** A column as its database describes it. */
export interface ColumnFacts {
  /** In lower case, as the names of columns are compared. */
  readonly name: string;
  /** As it is spelled, where the database hands its values out under that name only. */
  readonly spelling?: string;
  /** As it is declared: `varchar(255)`, `int(11) unsigned`, `enum('a','b')`. */
  readonly type: string;
  /** The type alone, in lower case: `varchar`, `int`, `enum`. */
  readonly base: string;
  /** Characters that a text column holds; absent where that has no limit. */
  readonly length?: number;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
  /** Its value is made from other columns. */
  readonly isGenerated: boolean;
  /** The database gives each new row its own number. */
  readonly isNumbered: boolean;
}

/** A table as its database describes it, for those that other programs made. */
export interface TableFacts {
  /** As it is stored: upper and lower case count on some servers. */
  readonly name: string;
  readonly kind: 'table' | 'view' | 'versioned' | 'other';
  /** Of MySQL, in lower case. */
  readonly engine?: string;
  readonly rowFormat?: string;
  /** About as many; how large is what a person wants to know before the table is rebuilt. */
  readonly rows?: number;
  readonly megabytes?: number;
  readonly isPartitioned: boolean;
  readonly columns: readonly ColumnFacts[];
  readonly indexes: readonly IndexFacts[];
  readonly foreignKeys: readonly { readonly name: string; readonly column: string; readonly references: string }[];
  /** What rows have to fulfil, as the database prints it. */
  readonly checks: readonly { readonly name: string; readonly clause: string }[];
  /** A trigger may fill columns before a row is inserted. */
  readonly hasInsertTrigger: boolean;
}

export interface IndexFacts {
  readonly name: string;
  readonly columns: readonly string[];
  readonly isUnique: boolean;
}

/** The values of rows gathered under a key, in their order. */
export function groupedBy<R, T>(
  rows: readonly R[],
  keyOf: (row: R) => string,
  valueOf: (row: R) => T,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [valueOf(row)]);
    else group.push(valueOf(row));
  }
  return groups;
}
