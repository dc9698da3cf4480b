/** Values that libsql can bind. It refuses all others, and a boolean crashes the process. */
export type SqliteValue = string | number | Uint8Array | null;

/** Converts every parameter of a SQLite statement. */
export function sqliteParameter(value: unknown): SqliteValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return utcText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  // libsql reads integers as doubles: one that a double cannot represent would change.
  if (typeof value === 'bigint' && BigInt.asIntN(54, value) === value) return Number(value);
  throw new TypeError(`a database statement cannot take a ${typeof value} that is neither text nor a plain number`);
}

/** `YYYY-MM-DD HH:MM:SS` in UTC: the format of the older scripts' DATETIME columns in both dialects. */
export function utcText(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}
