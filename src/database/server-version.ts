import { sql } from 'kysely';

import type { FerryDatabase } from './ferry-database.js';

/** Oldest supported servers. */
const oldest = { MySQL: [8, 0], MariaDB: [10, 6] } as const;

/** Name and version of the database, and why it is too old, if it is. */
export interface ServerVersion {
  readonly text: string;
  readonly tooOld?: string;
}

export async function serverVersion({ queries, dialect }: FerryDatabase): Promise<ServerVersion> {
  if (dialect.kind === 'sqlite') {
    const { rows } = await sql<{ version: string }>`select sqlite_version() as version`.execute(queries);
    return { text: `SQLite ${rows[0]?.version ?? ''}`.trim() };
  }
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(queries);
  return judgeMysqlVersion(rows[0]?.version ?? '');
}

/** @param version from the server: `8.0.36`, `10.11.6-MariaDB-0+deb12u1` */
export function judgeMysqlVersion(version: string): ServerVersion {
  const name = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL';
  const [, number = version, major, minor] = /^((\d+)\.(\d+)[\d.]*)/.exec(version) ?? [];
  const text = `${name} ${number}`;
  const [leastMajor, leastMinor] = oldest[name];
  const isOld = Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor);
  return isOld ? { text, tooOld: `${name} ${leastMajor}.${leastMinor} or newer is required` } : { text };
}
