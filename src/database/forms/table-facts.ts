/** A column as its database describes it. */
export interface ColumnFacts {
  /** In lower case, for comparison. */
  readonly name: string;
  /** The original spelling, if the database returns values only under that name. */
  readonly spelling?: string;
  /** The declared type: `varchar(255)`, `int(11) unsigned`, `enum('a','b')`. */
  readonly type: string;
  /** The type alone, in lower case: `varchar`, `int`, `enum`. */
  readonly base: string;
  /** Length of a text column in characters; absent if unlimited. */
  readonly length?: number | undefined;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
  /** Whether it is a generated column. */
  readonly isGenerated: boolean;
  /** Whether the database generates a number for each new row. */
  readonly isNumbered: boolean;
}

/** A table of another program as its database describes it. */
export interface TableFacts {
  /** The stored name: some servers distinguish upper and lower case. */
  readonly name: string;
  readonly kind: 'table' | 'view' | 'versioned' | 'other';
  /** Engine of MySQL, in lower case. */
  readonly engine?: string | undefined;
  readonly rowFormat?: string | undefined;
  /** Approximate number of rows, shown before a table is rebuilt. */
  readonly rows?: number | undefined;
  readonly megabytes?: number | undefined;
  readonly isPartitioned: boolean;
  readonly columns: readonly ColumnFacts[];
  readonly indexes: readonly IndexFacts[];
  readonly foreignKeys: readonly { readonly name: string; readonly column: string; readonly references: string }[];
  /** CHECK constraints as the database prints them. */
  readonly checks: readonly { readonly name: string; readonly clause: string }[];
  /** Whether a trigger may fill columns before an insert. */
  readonly hasInsertTrigger: boolean;
}

export interface IndexFacts {
  readonly name: string;
  readonly columns: readonly string[];
  readonly isUnique: boolean;
}

/** Groups the values of rows by a key, in their order. */
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
