/**
 * What a column of JSON holds; undefined where it is NULL or no JSON: another program or a hand may have written it, and
 * one such row must not keep all others from being read.
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
