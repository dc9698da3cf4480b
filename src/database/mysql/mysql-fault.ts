import type { MysqlSettings } from '../../domain/database-settings.js';
import { DatabaseFault } from '../database-fault.js';
import type { DatabaseFaultKind } from '../database-fault.js';

// Server error numbers that MySQL and MariaDB share.
const knownFaults: Readonly<Record<number, readonly [DatabaseFaultKind, string]>> = {
  1040: ['connection', 'it has too many connections'],
  1044: ['refused', 'the user has no permission for this database: grant it, or set MYSQL_DB to another'],
  1045: ['refused', 'user or password is wrong: check MYSQL_USER and MYSQL_PASSWORD'],
  1049: ['refused', 'the database does not exist: create it, or set MYSQL_DB to another'],
  1053: ['connection', 'it is shutting down'],
  1114: ['refused', 'a table is full: make room on its disk'],
  1021: ['refused', 'its disk is full: make room'],
  1130: ['refused', 'it does not accept connections from this host: grant them to the user'],
  1118: ['refused', 'a row of the table has no room for the columns of the ferry: make its longest columns TEXT'],
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
  3159: ['refused', 'it accepts connections with TLS only: set MYSQL_SSL to verify-identity, or to required'],
  3024: ['connection', 'the statement took too long'],
};

/** Tables of other programs may refuse values. The server's own message contains the column or constraint. */
const refusedValues: Readonly<Record<number, string>> = {
  1264: 'a column is too narrow for a number: make it BIGINT',
  1364: 'a column of its own has no default: give it one, or allow NULL',
  1406: 'a column is too short for a text: make it longer',
  1451: 'a foreign key prevents a change: drop it',
  1452: 'a foreign key refuses a value: drop it',
  1644: 'a trigger refuses a row',
  3819: 'a CHECK constraint refuses a row: drop it',
  4025: 'a CHECK constraint refuses a row: drop it',
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

/** Certificate faults by the message of OpenSSL and Node: mysql2 does not expose their codes. */
const certificateFaults: readonly (readonly [RegExp, string])[] = [
  [/expired/i, 'its certificate has expired: renew it on the server'],
  [/not yet valid/i, "its certificate is not valid yet: compare this machine's clock with the server's"],
  [
    /does not match certificate|altnames/i,
    'its certificate is for another name: set MYSQL_HOST to a name in the certificate, or MYSQL_SSL=verify-ca to verify only its CA',
  ],
  [
    /self.signed|unable to (?:verify|get)|issuer|unknown ca/i,
    "its certificate is not signed by a trusted CA: set MYSQL_SSL_CA_FILE to the server's CA (without one, MYSQL_SSL=required encrypts without verification)",
  ],
];

function tlsFault({ message }: Error): string {
  const known = certificateFaults.find(([pattern]) => pattern.test(message));
  if (known !== undefined) return known[1];
  return 'the TLS handshake failed: the server must support TLS 1.2 or newer (MYSQL_SSL=off connects without TLS)';
}

/**
 * mysqlFault converts an error of the server or the socket; other errors are bugs and are returned unchanged.
 * @param isEncrypted whether TLS was used: without it some accounts are refused as if the password were wrong
 */
export function mysqlFault(
  error: unknown,
  { host, port, user, database }: MysqlSettings,
  { isEncrypted = false }: { readonly isEncrypted?: boolean } = {},
): unknown {
  if (error instanceof DatabaseFault || !(error instanceof Error)) return error;
  const place = `MySQL ${host}:${port}, database ${database}, user ${user}`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    const reason = 'it does not support TLS: enable TLS on the server, or set MYSQL_SSL=off to connect without TLS';
    return new DatabaseFault(`${place}: ${reason}`, 'refused', error);
  }
  if (code === 'HANDSHAKE_SSL_ERROR' && !isBrokenOff(error)) {
    return new DatabaseFault(`${place}: ${tlsFault(error)} (${error.message})`, 'refused', error);
  }
  // MariaDB has no separate error number for it.
  if (/insecure transport|require_secure_transport/i.test(error.message)) {
    return new DatabaseFault(`${place}: ${knownFaults[3159]?.[1] ?? ''} (${error.message})`, 'refused', error);
  }
  if (errno === 1045 && !isEncrypted) {
    const reason =
      'user or password is wrong, or the account or the server requires TLS, which this connection does not use: check MYSQL_USER and MYSQL_PASSWORD, or set MYSQL_SSL=required';
    return new DatabaseFault(`${place}: ${reason} (${code})`, 'refused', error);
  }
  if (connectionCodes.has(code) || isClosedConnection(error)) {
    return new DatabaseFault(
      `${place}: not reachable (${code || error.message}): is it running, and are MYSQL_HOST and MYSQL_PORT right?`,
      'connection',
      error,
    );
  }
  if (errno === 1062) {
    // The message contains the index. If it belongs to another program, a retry does not help.
    const reason =
      "a row with the same values exists: another writer was faster, or another program's unique index refuses it";
    return new DatabaseFault(`${place}: ${reason} (${error.message})`, 'conflict', error);
  }
  const refused = refusedValues[errno];
  if (refused !== undefined) return new DatabaseFault(`${place}: ${refused}: ${error.message}`, 'statement', error);
  const known = knownFaults[errno];
  if (known !== undefined) return new DatabaseFault(`${place}: ${known[1]} (${code})`, known[0], error);
  if (!('sqlState' in error)) return error;
  return new DatabaseFault(`${place}: ${error.message}`, 'statement', error);
}

/** The connection ended during the TLS handshake: the server was unavailable for a moment. */
function isBrokenOff({ message }: Error): boolean {
  return /ECONNRESET|EPIPE|disconnected before secure/i.test(message);
}

function isClosedConnection(error: Error): boolean {
  return ('fatal' in error && error.fatal === true && !('sqlState' in error)) || /closed state/.test(error.message);
}
