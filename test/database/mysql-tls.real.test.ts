import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { DatabaseFault } from '../../src/database/database-fault.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { transportNote, transportOf } from '../../src/database/mysql/mysql-tls.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import type { MysqlSettings } from '../../src/domain/database-settings.js';
import { makeCa, makeCertificate } from '../support/certificates.js';
import type { CertificateFiles } from '../support/certificates.js';
import { mysqlPlace } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { imageRequest } from './store-fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-mysql-tls-'));
const ca = makeCa(folder, 'ferry-test-ca');
const otherCa = makeCa(folder, 'another-ca');
const pem = (files: CertificateFiles): string => readFileSync(files.certificate, 'utf8');

const options = ({ certificate, key }: CertificateFiles): string[] => [`--ssl-cert=${certificate}`, `--ssl-key=${key}`];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function settingsOf(server: MariaDbServer, changed: Partial<MysqlSettings> = {}): DatabaseSettings {
  const { host, port, user, password } = server;
  return { kind: 'mysql', host, port, user, password, database: 'ferry', ...changed };
}

/** The cipher of a connection; '' without TLS. */
async function cipherOf(settings: DatabaseSettings): Promise<string> {
  const database = await openDatabase(settings);
  try {
    await migrate(database);
    await createStores(database).wanted.addWanted([imageRequest('nginx:1.27')]);
    const { rows } = await sql<{ Value: string }>`show session status like 'Ssl_cipher'`.execute(database.queries);
    return rows[0]?.Value ?? '';
  } finally {
    await database.close();
  }
}

async function faultOf(settings: DatabaseSettings): Promise<DatabaseFault> {
  try {
    await (await openDatabase(settings)).close();
  } catch (error) {
    if (error instanceof DatabaseFault) return error;
    throw error;
  }
  throw new Error('there was no fault');
}

describe('a server with TLS', () => {
  let server: MariaDbServer;
  beforeAll(async () => {
    const names = ['IP:127.0.0.1', 'DNS:localhost'];
    server = await startMariaDb(options(makeCertificate(folder, { name: 'server', ca, names })));
    await mysqlPlace(server).run(
      settingsOf(server),
      `create user 'careful'@'%' identified by 'x' require ssl; grant all on *.* to 'careful'@'%'`,
    );
  });
  afterAll(async () => await server.stop());

  test.each(['127.0.0.1', 'localhost'])(
    'a server at %s whose certificate has that name and is signed by the CA that was given is used with TLS',
    async (host) => {
      const cipher = await cipherOf(settingsOf(server, { host, tls: 'verify-identity', ca: pem(ca) }));

      expect(cipher).not.toBe('');
    },
  );

  test.each(['preferred', 'required', 'verify-ca'] as const)('MYSQL_SSL=%s encrypts', async (tls) => {
    const trusted = tls === 'verify-ca' ? { ca: pem(ca) } : {};

    expect(await cipherOf(settingsOf(server, { tls, ...trusted }))).not.toBe('');
  });

  test('MYSQL_SSL=off does not encrypt, and a nearby server is used with TLS by default', async () => {
    expect(await cipherOf(settingsOf(server, { tls: 'off' }))).toBe('');
    expect(await cipherOf(settingsOf(server))).not.toBe('');
  });

  test('an account that requires TLS works by default, and without TLS the message mentions TLS as well as the password', async () => {
    const careful = { user: 'careful', password: 'x' };
    const fault = await faultOf(settingsOf(server, { ...careful, tls: 'off' }));

    expect(await cipherOf(settingsOf(server, careful))).not.toBe('');
    expect(fault).toMatchObject({ faultKind: 'refused' });
    expect(fault.message).toContain('or the account or the server requires TLS');
    expect(fault.message).toContain('MYSQL_SSL');
  });

  test('a wrong password over TLS is reported as such', async () => {
    const fault = await faultOf(settingsOf(server, { password: 'no' }));

    expect(fault.message).toContain('user or password is wrong: check MYSQL_USER and MYSQL_PASSWORD');
  });

  test.each([
    ['another CA', { ca: pem(otherCa) }],
    ['no CA', {}],
  ])('a certificate that is not signed by a trusted CA is refused with the reason: %s', async (_name, given) => {
    const fault = await faultOf(settingsOf(server, { tls: 'verify-identity', ...given }));

    expect(fault).toMatchObject({ faultKind: 'refused', decision: 'block' });
    expect(fault.message).toContain('not signed by a trusted CA');
    expect(fault.message).toContain('MYSQL_SSL_CA_FILE');
  });

  test('a connection without TLS to a server that requires it is refused with that reason', async () => {
    const place = mysqlPlace(server);
    await place.run(settingsOf(server), 'set global require_secure_transport = on');

    const fault = await faultOf(settingsOf(server, { tls: 'off' }));
    const cipher = await cipherOf(settingsOf(server));

    expect(fault).toMatchObject({ faultKind: 'refused' });
    // MariaDB has the answer of a wrong password for it, MySQL one of its own.
    expect(fault.message).toMatch(/or the server requires TLS|it accepts connections with TLS only: set MYSQL_SSL/);
    expect(cipher).not.toBe('');
  });
});

describe('a server whose certificate is for another name, or has expired', () => {
  test('a certificate for another name is refused with the reason, but only by verify-identity', async () => {
    const files = makeCertificate(folder, { name: 'elsewhere', ca, names: ['DNS:db.example.com'] });
    const server = await startMariaDb(options(files));
    try {
      const trusted = { ca: pem(ca) };
      const byName = await faultOf(settingsOf(server, { host: 'localhost', ...trusted }));
      const byAddress = await faultOf(settingsOf(server, trusted));
      const cipher = await cipherOf(settingsOf(server, { tls: 'verify-ca', ...trusted }));

      for (const fault of [byName, byAddress]) expect(fault.message).toContain('its certificate is for another name');
      expect(cipher).not.toBe('');
    } finally {
      await server.stop();
    }
  });

  test('an expired certificate is refused with that reason', async () => {
    const files = makeCertificate(folder, { name: 'expired', ca, names: ['IP:127.0.0.1'], isExpired: true });
    const server = await startMariaDb(options(files));
    try {
      const fault = await faultOf(settingsOf(server, { ca: pem(ca) }));

      expect(fault.message).toContain('its certificate has expired');
    } finally {
      await server.stop();
    }
  });
});

test('a server without TLS is refused if TLS is required, and a nearby one is used by default', async () => {
  const server = await startMariaDb();
  try {
    const fault = await faultOf(settingsOf(server, { tls: 'required' }));

    expect(fault).toMatchObject({ faultKind: 'refused' });
    expect(fault.message).toContain('it does not support TLS: enable TLS on the server, or set MYSQL_SSL=off');
    expect(await cipherOf(settingsOf(server))).toBe('');
  } finally {
    await server.stop();
  }
});

test.each([
  ['127.0.0.1', true, 'preferred'],
  ['localhost', true, 'preferred'],
  ['10.1.2.3', true, 'preferred'],
  ['192.168.0.9', true, 'preferred'],
  ['fd00::1', true, 'preferred'],
  ['8.8.8.8', false, 'verify-identity'],
  ['2001:4860:4860::8888', false, 'verify-identity'],
] as const)('whether a server at %s is nearby: %s, with the default transport %s', async (host, isNear, mode) => {
  const settings = { host, port: 3306, user: 'u', password: '', database: 'd' };

  expect(await transportOf(settings)).toEqual({ mode, isNear });
  const unverified = transportNote(settings, { mode: 'required', isNear }, true);
  const plain = transportNote(settings, { mode: 'off', isNear }, false);
  expect([unverified === undefined, plain === undefined]).toEqual([isNear, isNear]);
});
