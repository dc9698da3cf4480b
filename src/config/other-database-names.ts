/** Names of database variables in other programs. */
import type { Variables } from './environment.js';

const wholeServer = 'MYSQL_HOST (with MYSQL_PORT, MYSQL_DB, MYSQL_USER and MYSQL_PASSWORD)';

/** By the ferry's own name. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  MYSQL_HOST: words('MYSQL_SERVER MYSQL_HOSTNAME MYSQL_ADDRESS MARIADB_HOST DB_HOST DB_HOSTNAME DATABASE_HOST'),
  MYSQL_PORT: words('MYSQL_TCP_PORT MARIADB_PORT DB_PORT DATABASE_PORT'),
  MYSQL_DB: words(
    'MYSQL_DATABASE MYSQL_DB_NAME MYSQL_DBNAME MYSQL_NAME MYSQL_SCHEMA MARIADB_DATABASE DB_NAME DB_DATABASE DATABASE_NAME',
  ),
  MYSQL_USER: words('MYSQL_USERNAME MYSQL_USR MARIADB_USER DB_USER DB_USERNAME DATABASE_USER'),
  MYSQL_PASSWORD: words(
    'MYSQL_PASS MYSQL_PWD MYSQL_PASSWD MYSQL_ROOT_PASSWORD MARIADB_PASSWORD MARIADB_ROOT_PASSWORD DB_PASSWORD DB_PASS DATABASE_PASSWORD',
  ),
  MYSQL_SSL: words('MYSQL_SSL_MODE MYSQL_TLS DB_SSL DB_SSL_MODE'),
  MYSQL_SSL_CA: words('MYSQL_CA MYSQL_CA_CERT MYSQL_SSL_CA_PATH MYSQL_ATTR_SSL_CA DB_SSL_CA'),
  [wholeServer]: words('MYSQL_URL MYSQL_URI MYSQL_DSN DATABASE_URL DATABASE_URI DB_URL DB_URI DB_DSN'),
};

/** Returns the variable of another program that is set and probably means `name`. */
export function misnamedVariable(variables: Variables, name: string, among: RegExp = /./): string | undefined {
  const whole = name === 'MYSQL_HOST' ? (otherNames[wholeServer] ?? []) : [];
  const names = [...(otherNames[name] ?? []), ...whole].filter((other) => among.test(other));
  return names.flatMap((other) => [other, `${other}_FILE`]).find((other) => (variables[other] ?? '') !== '');
}

/** Returns the ferry's name for another program's variable, if the ferry's one is not set. */
export function ownNameOf(given: string, unset: readonly string[]): string | undefined {
  const [name] = Object.entries(otherNames).find(([, others]) => others.includes(given)) ?? [];
  if (name === wholeServer) return unset.includes('MYSQL_HOST') ? name : undefined;
  return name !== undefined && unset.includes(name) ? name : undefined;
}

/** One text, so that a search for the variables that the ferry reads does not match them. */
function words(text: string): readonly string[] {
  return text.split(' ');
}
