/**
 * Parses a JSON column. Undefined if it is NULL or invalid: other programs or people may have written it, and one such row
 * must not prevent reading all others.
 */
export function readJsonColumn(column: string | null): unknown {
  if (column === null) return undefined;
  try {
    return JSON.parse(column) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
