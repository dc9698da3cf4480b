import { CompiledQuery, MysqlDialect } from 'kysely';
import type { Dialect } from 'kysely';
import { createPool, escapeId } from 'mysql2';
import type { Pool } from 'mysql2';
import { createConnection } from 'mysql2/promise';
import type { ConnectionOptions } from 'mysql2/promise';

import type { MysqlSettings } from '../../domain/database-settings.js';
import { DatabaseFault, missingDatabase } from '../database-fault.js';
import { FaultMappingDriver } from '../fault-mapping-driver.js';
import { mysqlFault } from './mysql-fault.js';
import { tlsOptions, transportNote, transportOf } from './mysql-tls.js';

const connections = 10;

/*
 * Session settings that override the server's defaults: times in UTC; statements that fail instead of truncating values;
 * quoting as the driver expects; and lock waits that end before an activity times out.
 */
const sessionSettings = `set session time_zone = '+00:00',
  sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
  innodb_lock_wait_timeout = 5,
  lock_wait_timeout = 60`;

/** An open connection to a server, and notes about the connection. */
export interface OpenMysql {
  readonly dialect: Dialect;
  readonly notes: readonly string[];
  /** Ends the connection if no statement was executed: Kysely ends only what it has used. */
  readonly endUnused: () => Promise<void>;
}

/** Connects to verify the settings, and creates the database if it is missing. @throws DatabaseFault */
export async function openMysql(settings: MysqlSettings): Promise<OpenMysql> {
  const server = await reachServer(settings);
  const pool = server.pool ?? (await createDatabase(settings, server));
  return connected(pool, server, [sessionSettings]);
}

/** Connects to an existing database; the server refuses every write. @throws DatabaseFault */
export async function openMysqlReadOnly(settings: MysqlSettings): Promise<OpenMysql> {
  const server = await reachServer(settings);
  if (server.pool === undefined) {
    const { database, host, port } = settings;
    throw missingDatabase(`there is no database ${database} on ${host}:${port} yet`);
  }
  return connected(server.pool, server, [sessionSettings, 'set session transaction read only']);
}

/** A server that accepted a connection. */
interface Server {
  readonly options: ConnectionOptions;
  /** With that connection; undefined if the database that the settings name is not there. */
  readonly pool: Pool | undefined;
  readonly notes: readonly string[];
  readonly faultOf: (error: unknown) => unknown;
}

/** Connects with TLS if the settings require it or the server offers it. @throws DatabaseFault */
async function reachServer(settings: MysqlSettings): Promise<Server> {
  const transport = await transportOf(settings);
  const plain = connection(settings);
  const { mode } = transport;
  if (mode !== 'off') {
    const options = { ...plain, ...tlsOptions(settings, mode) };
    try {
      return await reachBy(options, true);
    } catch (error) {
      const isOffered = !(error instanceof DatabaseFault && isWithoutTls(error.cause));
      if (mode !== 'preferred' || isOffered) throw error;
    }
  }
  return await reachBy(plain, false);

  async function reachBy(options: ConnectionOptions, isEncrypted: boolean): Promise<Server> {
    const faultOf = (error: unknown): unknown => mysqlFault(error, settings, { isEncrypted });
    const note = transportNote(settings, transport, isEncrypted);
    const notes = note === undefined ? [] : [note];
    // With the database first: the user may have no permission to create it.
    const pool = poolOf(settings, options);
    try {
      (await pool.promise().getConnection()).release();
      return { options, pool, notes, faultOf };
    } catch (error) {
      await pool.promise().end();
      if (isUnknownDatabase(error)) return { options, pool: undefined, notes, faultOf };
      throw faultOf(error);
    }
  }
}

function poolOf({ database }: MysqlSettings, options: ConnectionOptions): Pool {
  return createPool({
    ...options,
    database,
    connectionLimit: connections,
    dateStrings: true,
    // Without FOUND_ROWS, an insert that found an existing row can be distinguished from a new row.
    flags: ['-FOUND_ROWS'],
  });
}

function connected(pool: Pool, { notes, faultOf }: Server, session: readonly string[]): OpenMysql {
  let isUsed = false;
  const dialect = new FaultMappingMysqlDialect(
    {
      pool: async () => {
        isUsed = true;
        return await Promise.resolve(pool);
      },
      onCreateConnection: async (fresh) => {
        for (const statement of session) await fresh.executeQuery(CompiledQuery.raw(statement));
      },
    },
    faultOf,
  );
  const endUnused = async (): Promise<void> => {
    if (!isUsed) await pool.promise().end();
  };
  return { dialect, notes, endUnused };
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

async function createDatabase(settings: MysqlSettings, { options, faultOf }: Server): Promise<Pool> {
  try {
    const server = await createConnection(options);
    try {
      // The name may contain dots.
      await server.query(`create database if not exists ${escapeId(settings.database, true)} character set utf8mb4`);
    } finally {
      await server.end();
    }
    return poolOf(settings, options);
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof DatabaseFault) || fault.faultKind !== 'refused') throw fault;
    throw new DatabaseFault(
      `the database ${settings.database} on ${settings.host}:${settings.port} does not exist, and user ${settings.user} has no permission to create it: create it, or grant CREATE`,
      'refused',
      error,
    );
  }
}

function connection({ host, port, user, password }: MysqlSettings): ConnectionOptions {
  return { host, port, user, password, charset: 'utf8mb4', timezone: 'Z', connectTimeout: 10_000 };
}

function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

function isUnknownDatabase(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === 1049;
}
