/** What libsql binds. Anything else is refused by it, and a boolean ends the whole process. */
export type SqliteValue = string | number | bigint | Uint8Array | null;

/** The one mapper that every parameter of a SQLite statement goes through. */
export function sqliteParameter(value: unknown): SqliteValue {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new TypeError(`a number for the database must be finite, not ${value}`);
    case 'bigint':
      // libsql reads integers back as doubles: one that those cannot hold would come back as another.
      if (BigInt.asIntN(54, value) === value) return Number(value);
      throw new TypeError(`the integer ${value} is too large for the database`);
    case 'boolean':
      return value ? 1 : 0;
    default:
      if (value instanceof Date) return utcText(value);
      if (value instanceof Uint8Array) return value;
      throw new TypeError(`a ${typeof value} cannot be a parameter of a database statement`);
  }
}

/** `YYYY-MM-DD HH:MM:SS` in UTC: what the older scripts' DATETIME columns hold, in both dialects. */
export function utcText(time: Date): string {
  return time.toISOString().slice(0, 19).replace('T', ' ');
}
