import type { Dialect } from 'kysely';
import { CompiledQuery, MysqlDialect } from 'kysely';
import { createPool, escapeId } from 'mysql2';
import { createConnection } from 'mysql2/promise';

import { DatabaseFault, missingDatabase } from '../database-fault.js';
import { FaultMappingDriver } from '../fault-mapping-driver.js';
import { mysqlFault } from './mysql-fault.js';
import type { MysqlSettings } from './mysql-settings.js';

const connections = 10;

/*
 * Every session is set whatever the server's defaults are: times in UTC; statements that fail rather than cut values
 * short; quoting as the driver expects it; and waits for locks that end before an activity's time is over.
 */
const SESSION = `set session time_zone = '+00:00',
  sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  innodb_lock_wait_timeout = 5,
  lock_wait_timeout = 60`;

/** Connects once to see that it works, and creates the database if it is missing. @throws DatabaseFault */
export async function openMysql(settings: MysqlSettings): Promise<Dialect> {
  const faultOf = (error: unknown): unknown => mysqlFault(error, settings);
  await ensureDatabase(settings, faultOf);
  return connected(settings, faultOf, [SESSION]);
}

/** Connects to a database that is there; its server refuses every write. @throws DatabaseFault */
export async function lookIntoMysql(settings: MysqlSettings): Promise<Dialect> {
  const faultOf = (error: unknown): unknown => mysqlFault(error, settings);
  if (!(await isThere(settings, faultOf))) {
    const { database, host, port } = settings;
    throw missingDatabase(`there is no database ${database} on ${host}:${port} yet`);
  }
  return connected(settings, faultOf, [SESSION, 'set session transaction read only']);
}

function connected(settings: MysqlSettings, faultOf: (error: unknown) => unknown, session: readonly string[]): Dialect {
  const pool = createPool({
    ...connection(settings),
    database: settings.database,
    connectionLimit: connections,
    dateStrings: true,
    // Without it an insert that found its row there already is told apart from one that made it.
    flags: ['-FOUND_ROWS'],
  });
  return new FaultMappingMysqlDialect(
    {
      pool,
      onCreateConnection: async (fresh) => {
        for (const statement of session) await fresh.executeQuery(CompiledQuery.raw(statement));
      },
    },
    faultOf,
  );
}

class FaultMappingMysqlDialect extends MysqlDialect {
  readonly #faultOf: (error: unknown) => unknown;

  constructor(config: ConstructorParameters<typeof MysqlDialect>[0], faultOf: (error: unknown) => unknown) {
    super(config);
    this.#faultOf = faultOf;
  }

  override createDriver(): FaultMappingDriver {
    return new FaultMappingDriver(super.createDriver(), this.#faultOf);
  }
}

async function isThere(settings: MysqlSettings, faultOf: (error: unknown) => unknown): Promise<boolean> {
  try {
    const existing = await createConnection({ ...connection(settings), database: settings.database });
    await existing.end();
    return true;
  } catch (error) {
    if (isUnknownDatabase(error)) return false;
    throw faultOf(error);
  }
}

async function ensureDatabase(settings: MysqlSettings, faultOf: (error: unknown) => unknown): Promise<void> {
  // First with the database: a user who may only use it is not asked to create it.
  if (await isThere(settings, faultOf)) return;
  try {
    const server = await createConnection(connection(settings));
    try {
      // One name, dots and all.
      await server.query(`create database if not exists ${escapeId(settings.database, true)} character set utf8mb4`);
    } finally {
      await server.end();
    }
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof DatabaseFault) || fault.trouble !== 'refused') throw fault;
    throw new DatabaseFault(
      `the database ${settings.database} on ${settings.host}:${settings.port} does not exist and user ${settings.user} may not create it: create it, or grant CREATE`,
      'refused',
      error,
    );
  }
}

function connection({ host, port, user, password }: MysqlSettings) {
  return { host, port, user, password, charset: 'utf8mb4', timezone: 'Z', connectTimeout: 10_000 };
}

function isUnknownDatabase(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 1049;
}
