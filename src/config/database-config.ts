import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';

import { InvalidInput } from '../domain/ferry-error.js';
import type { Environment } from './environment.js';
import type { ConfigErrors } from './config-errors.js';
import { meantBy } from './other-database-names.js';
import { readNumber } from './variable-values.js';

/** As MySQL's own `--ssl-mode` has them. */
type TlsMode = 'off' | 'preferred' | 'required' | 'verify-ca' | 'verify-identity';

export type DatabaseConfig =
  | {
      readonly kind: 'mysql';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
      readonly tls?: TlsMode;
      /** Certificates in PEM. */
      readonly ca?: string;
    }
  | { readonly kind: 'sqlite'; readonly path: string };

/** What other programs call them is understood, too. */
const TLS_MODES: Readonly<Record<string, TlsMode>> = {
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

/** MySQL where `MYSQL_HOST` is set, else a file in the data folder; each fault is added to `faults`. */
export function readDatabase(environment: Environment, dataDir: string, faults: ConfigErrors): DatabaseConfig {
  const value = (name: string) => faults.try(() => environment.value(name));
  const host = value('MYSQL_HOST');
  if (host === undefined) {
    // Kubernetes gives such a port to every pod beside a service called mysql.
    const set = besideHost.filter((name) => !(value(name) ?? 'tcp://').startsWith('tcp://'));
    if (set.length > 0) {
      const are = set.length === 1 ? 'is' : 'are';
      faults.add(
        `${set.join(', ')} ${are} set but MYSQL_HOST is not: set MYSQL_HOST to the server${otherName(environment, 'MYSQL_HOST')}, or unset ${set.length === 1 ? 'it' : 'them'} to use the file ${join(dataDir, 'ferry.db')}`,
      );
    }
    return { kind: 'sqlite', path: join(dataDir, 'ferry.db') };
  }

  const user = value('MYSQL_USER');
  if (user === undefined) faults.add(`MYSQL_HOST is set but MYSQL_USER is not${otherName(environment, 'MYSQL_USER')}`);
  for (const name of ['MYSQL_DB', 'MYSQL_PASSWORD', 'MYSQL_PORT']) {
    const other = value(name) === undefined ? meantBy(environment.present(), name, /^MYSQL_/) : undefined;
    // Without it the ferry would go to another database, or without the password.
    if (other !== undefined) faults.add(`${other} is set, which nothing reads, and ${name} is not: ${name} is meant`);
  }
  return {
    kind: 'mysql',
    host,
    port: readNumber(environment, faults, 'MYSQL_PORT', { standard: 3306, least: 1, most: 65_535 }),
    user: user ?? '',
    password: value('MYSQL_PASSWORD') ?? '',
    database: value('MYSQL_DB') ?? 'image_ferry',
    ...readTls(environment, faults),
  };
}

function otherName(environment: Environment, name: string): string {
  const other = meantBy(environment.present(), name);
  return other === undefined ? '' : ` (${other} is set, which nothing reads)`;
}

function readTls(environment: Environment, faults: ConfigErrors): { readonly tls?: TlsMode; readonly ca?: string } {
  const given = faults.try(() => environment.value('MYSQL_SSL'));
  const ca = faults.try(() => readCa(environment));
  const tls = given === undefined ? undefined : TLS_MODES[given.trim().toLowerCase().replaceAll('_', '-')];
  if (given !== undefined && tls === undefined) {
    faults.add(`MYSQL_SSL is "${given}": expected off, preferred, required, verify-ca or verify-identity`);
  }
  if (ca !== undefined && tls !== undefined && !tls.startsWith('verify-')) {
    faults.add(
      `MYSQL_SSL_CA is set, which MYSQL_SSL=${tls} does not look at: set MYSQL_SSL to verify-ca or verify-identity`,
    );
  }
  return { ...(tls === undefined ? {} : { tls }), ...(ca === undefined ? {} : { ca }) };
}

/** The certificates themselves, or those in the file that `MYSQL_SSL_CA_FILE` names. */
function readCa(environment: Environment): string | undefined {
  const ca = environment.value('MYSQL_SSL_CA');
  if (ca === undefined) return undefined;
  if (!ca.includes('-----BEGIN')) {
    throw new InvalidInput(
      'MYSQL_SSL_CA holds no certificate in PEM (-----BEGIN CERTIFICATE-----): for the path of a file use MYSQL_SSL_CA_FILE',
      'configuration',
    );
  }
  try {
    new X509Certificate(ca);
    return ca;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`MYSQL_SSL_CA holds no certificate that can be read: ${reason}`, 'configuration');
  }
}
