import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';

import type { DatabaseSettings, MysqlTlsMode } from '../domain/database-settings.js';
import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import { misnamedVariable } from './other-database-names.js';
import { readNumber } from './variable-values.js';

/** Includes the names that other programs use. */
const tlsModes: Readonly<Record<string, MysqlTlsMode>> = {
  off: 'off',
  disabled: 'off',
  false: 'off',
  no: 'off',
  0: 'off',
  preferred: 'preferred',
  prefer: 'preferred',
  required: 'required',
  require: 'required',
  'skip-verify': 'required',
  'verify-ca': 'verify-ca',
  'verify-identity': 'verify-identity',
  'verify-full': 'verify-identity',
  true: 'verify-identity',
  yes: 'verify-identity',
  on: 'verify-identity',
  1: 'verify-identity',
};

const besideHost = ['MYSQL_PORT', 'MYSQL_DB', 'MYSQL_USER', 'MYSQL_PASSWORD', 'MYSQL_SSL', 'MYSQL_SSL_CA'] as const;

/** MySQL if `MYSQL_HOST` is set, else a file in the data folder; errors are added to `errors`. */
export function readDatabase(environment: Environment, dataDir: string, errors: ConfigErrors): DatabaseSettings {
  const value = (name: string) => errors.try(() => environment.value(name));
  const host = value('MYSQL_HOST');
  if (host === undefined) {
    // Kubernetes sets such a port in every pod next to a service called mysql.
    const set = besideHost.filter((name) => !(value(name) ?? 'tcp://').startsWith('tcp://'));
    if (set.length > 0) {
      const are = set.length === 1 ? 'is' : 'are';
      errors.add(
        `${set.join(', ')} ${are} set but MYSQL_HOST is not: set MYSQL_HOST to the server${otherName(environment, 'MYSQL_HOST')}, or unset ${set.length === 1 ? 'it' : 'them'} to use SQLite (${join(dataDir, 'ferry.db')})`,
      );
    }
    return { kind: 'sqlite', path: join(dataDir, 'ferry.db') };
  }

  const user = value('MYSQL_USER');
  if (user === undefined) errors.add(`MYSQL_HOST is set but MYSQL_USER is not${otherName(environment, 'MYSQL_USER')}`);
  for (const name of ['MYSQL_DB', 'MYSQL_PASSWORD', 'MYSQL_PORT']) {
    const other = value(name) === undefined ? misnamedVariable(environment.present(), name, /^MYSQL_/) : undefined;
    // Otherwise the ferry would use another database, or no password.
    if (other !== undefined) errors.add(`unknown variable ${other} is set, and ${name} is not: rename it to ${name}`);
  }
  return {
    kind: 'mysql',
    host,
    port: readNumber(environment, errors, 'MYSQL_PORT', { standard: 3306, least: 1, most: 65_535 }),
    user: user ?? '',
    password: value('MYSQL_PASSWORD') ?? '',
    database: value('MYSQL_DB') ?? 'image_ferry',
    ...readTls(environment, errors),
  };
}

function otherName(environment: Environment, name: string): string {
  const other = misnamedVariable(environment.present(), name);
  return other === undefined ? '' : ` (the unknown variable ${other} is set)`;
}

function readTls(
  environment: Environment,
  errors: ConfigErrors,
): { readonly tls: MysqlTlsMode | undefined; readonly ca: string | undefined } {
  const given = errors.try(() => environment.value('MYSQL_SSL'));
  const ca = errors.try(() => readCa(environment));
  const tls = given === undefined ? undefined : tlsModes[given.trim().toLowerCase().replaceAll('_', '-')];
  if (given !== undefined && tls === undefined) {
    errors.add(`MYSQL_SSL is "${given}": expected off, preferred, required, verify-ca or verify-identity`);
  }
  if (ca !== undefined && tls !== undefined && !tls.startsWith('verify-')) {
    errors.add(`MYSQL_SSL_CA has no effect with MYSQL_SSL=${tls}: set MYSQL_SSL to verify-ca or verify-identity`);
  }
  return { tls, ca };
}

/** The certificates themselves, from `MYSQL_SSL_CA` or the file of `MYSQL_SSL_CA_FILE`. */
function readCa(environment: Environment): string | undefined {
  const ca = environment.value('MYSQL_SSL_CA');
  if (ca === undefined) return undefined;
  if (!ca.includes('-----BEGIN')) {
    throw new InvalidInput(
      'MYSQL_SSL_CA is not a PEM certificate (-----BEGIN CERTIFICATE-----): use MYSQL_SSL_CA_FILE for the path of a file',
      'configuration',
    );
  }
  try {
    new X509Certificate(ca);
    return ca;
  } catch (error) {
    const reason = errorMessage(error);
    throw new InvalidInput(`MYSQL_SSL_CA is not a valid certificate: ${reason}`, 'configuration');
  }
}
