import { DatabaseFault } from '../database-fault.js';
import type { DatabaseTrouble } from '../database-fault.js';
import type { MysqlSettings } from './mysql-settings.js';

// Server error numbers that MySQL and MariaDB share.
const TROUBLES: Readonly<Record<number, readonly [DatabaseTrouble, string]>> = {
  1040: ['connection', 'it has too many connections'],
  1044: ['refused', 'the user may not use this database: grant it, or set MYSQL_DB to another'],
  1045: ['refused', 'user or password is wrong: check MYSQL_USER and MYSQL_PASSWORD'],
  1049: ['refused', 'the database does not exist: create it, or set MYSQL_DB to another'],
  1053: ['connection', 'it is shutting down'],
  1062: ['conflict', 'another writer was faster'],
  1114: ['refused', 'a table is full: make room on its disk'],
  1021: ['refused', 'its disk is full: make room'],
  1130: ['refused', 'it does not accept connections from this host: grant them to the user'],
  1142: ['refused', 'the user lacks a permission: grant SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER and INDEX'],
  1143: ['refused', 'the user lacks a permission on a column'],
  1158: ['connection', 'the connection broke'],
  1159: ['connection', 'the connection broke'],
  1160: ['connection', 'the connection broke'],
  1161: ['connection', 'the connection broke'],
  1205: ['conflict', 'another writer held a lock for too long'],
  1213: ['conflict', 'another writer was in the way (deadlock)'],
  1290: ['refused', 'it is read-only: set MYSQL_HOST to the primary'],
  1317: ['connection', 'the statement was interrupted'],
  1698: ['refused', 'the user cannot log in with a password: check how the user is identified'],
  1836: ['refused', 'it is read-only: set MYSQL_HOST to the primary'],
  1927: ['connection', 'the connection was killed'],
  3024: ['connection', 'the statement took too long'],
};

const connectionCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'PROTOCOL_CONNECTION_LOST',
  'POOL_CLOSED',
]);

/** A server's or socket's error as the ferry's; other errors are bugs and stay what they are. */
export function mysqlFault(error: unknown, { host, port, user, database }: MysqlSettings): unknown {
  if (error instanceof DatabaseFault || !(error instanceof Error)) return error;
  const place = `MySQL ${host}:${port}, database ${database}, user ${user}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  if (connectionCodes.has(code) || isClosedConnection(error)) {
    return new DatabaseFault(
      `${place}: not reachable (${code || error.message}): is it running, and are MYSQL_HOST and MYSQL_PORT right?`,
      'connection',
      error,
    );
  }
  const known = TROUBLES[errno];
  if (known !== undefined) return new DatabaseFault(`${place}: ${known[1]} (${code})`, known[0], error);
  if (!('sqlState' in error)) return error;
  return new DatabaseFault(`${place}: ${error.message}`, 'statement', error);
}

function isClosedConnection(error: Error): boolean {
  return ('fatal' in error && error.fatal === true && !('sqlState' in error)) || /closed state/.test(error.message);
}
