import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Libsql from 'libsql';
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';

import type { DatabaseSettings } from '../../src/domain/database-settings.js';

export type Row = Readonly<Record<string, unknown>>;

/** Creates databases for a suite, and reads them without the ferry's own code. */
export interface DatabasePlace {
  readonly kind: 'mysql' | 'sqlite';
  /** Settings for a database that does not exist yet. */
  fresh(): DatabaseSettings;
  /** Runs statements divided by `;`, and creates the database if it is missing. */
  run(settings: DatabaseSettings, script: string): Promise<void>;
  query(settings: DatabaseSettings, statement: string): Promise<Row[]>;
  /** Definitions of all tables, as the database prints them. */
  definitions(settings: DatabaseSettings): Promise<string[]>;
  /** Drops every database that was created. */
  clear(): Promise<void>;
}

export function sqlitePlace(): DatabasePlace {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-sqlite-'));
  const open = (settings: DatabaseSettings) => new Libsql(settings.kind === 'sqlite' ? settings.path : '');
  const query = async (settings: DatabaseSettings, statement: string): Promise<Row[]> => {
    const database = open(settings);
    try {
      return database.prepare(statement).all() as Row[];
    } finally {
      database.close();
    }
  };
  return {
    kind: 'sqlite',
    fresh: () => ({ kind: 'sqlite', path: join(folder, `${randomBytes(6).toString('hex')}.db`) }),
    query,
    run: async (settings, script) => {
      const database = open(settings);
      database.exec(script);
      database.close();
    },
    definitions: async (settings) => {
      const rows = await query(settings, 'select name, sql from sqlite_master where sql is not null order by name');
      return rows.map((row) => String(row['sql']));
    },
    clear: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface MysqlAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export function mysqlPlace({ host, port, user, password }: MysqlAccess): DatabasePlace {
  const access = { host, port, user, password };
  const made: string[] = [];
  const connected = async <T>(
    settings: DatabaseSettings | undefined,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    const connection = await createConnection({ ...access, multipleStatements: true, dateStrings: true });
    try {
      if (settings?.kind === 'mysql') {
        await connection.query('create database if not exists ?? character set utf8mb4', [settings.database]);
        await connection.query('use ??', [settings.database]);
      }
      return await work(connection);
    } finally {
      await connection.end();
    }
  };
  const query = async (settings: DatabaseSettings, statement: string): Promise<Row[]> =>
    await connected(settings, async (connection) => (await connection.query<RowDataPacket[]>(statement))[0]);
  return {
    kind: 'mysql',
    fresh: () => {
      const database = `ferry_test_${randomBytes(6).toString('hex')}`;
      made.push(database);
      return { kind: 'mysql', ...access, database };
    },
    query,
    run: async (settings, script) => {
      await connected(settings, async (connection) => await connection.query(script));
    },
    definitions: async (settings) => {
      const tables = await query(settings, 'show tables');
      const printed: string[] = [];
      for (const name of tables.map((row) => String(Object.values(row)[0])).sort()) {
        const [row] = await query(settings, `show create table \`${name}\``);
        printed.push(String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, ''));
      }
      return printed;
    },
    clear: async () => {
      await connected(undefined, async (connection) => {
        for (const database of made.splice(0)) await connection.query('drop database if exists ??', [database]);
      });
    },
  };
}

/** The server of `MYSQL_TEST_URL` (`mysql://user:password@host:port`), on which the same suites run if it is set. */
export function mysqlAccess(url: string): MysqlAccess {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

/** The whole content of a database as text: definitions and rows, without creation times. */
export async function dump(place: DatabasePlace, settings: DatabaseSettings): Promise<string[]> {
  const lines = await place.definitions(settings);
  const tables = await place.query(
    settings,
    place.kind === 'mysql'
      ? 'select table_name as name from information_schema.tables where table_schema = database() order by table_name'
      : "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
  );
  for (const name of tables.map((table) => String(table['name']))) {
    const rows = await place.query(settings, `select * from ${name}`);
    const timeless = rows.map((row) => JSON.stringify({ ...row, claimed_at: undefined, timestamp: undefined }));
    lines.push(...timeless.sort().map((row) => `${name} ${row}`));
  }
  return lines;
}
