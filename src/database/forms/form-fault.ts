/** Something about a table that the ferry cannot work with, and what to do about it. */
export interface FormFault {
  readonly table: string;
  readonly column?: string;
  /** Goes on behind the name of the table or column: "is a view". */
  readonly what: string;
  /** In words where statements alone do not say it. */
  readonly todo?: string;
  /** Statements to type, each without its semicolon. */
  readonly statements?: readonly string[];
}

export function formatIssue({ table, column, what, todo, statements = [] }: FormFault): string {
  const place = column === undefined ? table : `${table}.${column}`;
  const typed = statements.length === 0 ? '' : `${todo === undefined ? '' : '; '}type: ${statements.join('; ')};`;
  return `${place} ${what}: ${todo ?? ''}${typed}`;
}
