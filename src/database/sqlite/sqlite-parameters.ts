/** What libsql binds. Anything else is refused by it, and a boolean ends the whole process. */
export type SqliteValue = string | number | Uint8Array | null;

/** The one mapper that every parameter of a SQLite statement goes through. */
export function sqliteParameter(value: unknown): SqliteValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return utcText(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  // libsql reads integers back as doubles: one that those cannot hold would come back as another.
  if (typeof value === 'bigint' && BigInt.asIntN(54, value) === value) return Number(value);
  throw new TypeError(`a database statement cannot take a ${typeof value} that is neither text nor a plain number`);
}

/** `YYYY-MM-DD HH:MM:SS` in UTC: what the older scripts' DATETIME columns hold, in both dialects. */
export function utcText(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}
