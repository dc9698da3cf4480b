/** An issue that makes a table unusable, and how to fix it. */
export interface FormFault {
  readonly table: string;
  readonly column?: string;
  /** Follows the name of the table or column: "is a view". */
  readonly what: string;
  /** Instruction, if the statements alone are not enough. */
  readonly todo?: string;
  /** Statements to run, without semicolons. */
  readonly statements?: readonly string[];
}

export function formatIssue({ table, column, what, todo, statements = [] }: FormFault): string {
  const place = column === undefined ? table : `${table}.${column}`;
  const typed = statements.length === 0 ? '' : `${todo === undefined ? '' : '; '}run: ${statements.join('; ')};`;
  return `${place} ${what}: ${todo ?? ''}${typed}`;
}
