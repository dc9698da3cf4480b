import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { readBaseConfig } from '../../src/config/read-config.js';
import { makeCa } from '../support/certificates.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-database-config-'));
const ca = makeCa(folder, 'ca').certificate;
const mysql = { MYSQL_HOST: 'db.example.com', MYSQL_USER: 'ferry', MYSQL_PASSWORD: 'x', MYSQL_DB: 'images' };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['off', 'off'],
  ['DISABLED', 'off'],
  ['preferred', 'preferred'],
  ['REQUIRED', 'required'],
  ['VERIFY_CA', 'verify-ca'],
  ['verify-identity', 'verify-identity'],
  ['true', 'verify-identity'],
])('MYSQL_SSL=%s is understood as %s', (given, tls) => {
  expect(readBaseConfig({ ...mysql, MYSQL_SSL: given }).database).toMatchObject({ kind: 'mysql', tls });
});

test('the CA of MySQL is given as text or as a file', () => {
  const pem = readFileSync(ca, 'utf8');

  const database = readBaseConfig({ ...mysql, MYSQL_SSL_CA_FILE: ca }).database;

  expect(database).toMatchObject({ ca: pem.trimEnd() });
  expect(readBaseConfig({ ...mysql, MYSQL_SSL_CA: pem.trimEnd() }).database).toEqual(database);
});

test.each([
  [{ MYSQL_SSL: 'maybe' }, /MYSQL_SSL is "maybe": expected off, preferred, required, verify-ca or verify-identity/],
  [{ MYSQL_SSL_CA: '/etc/ca.pem' }, /MYSQL_SSL_CA holds no certificate .*for the path of a file use MYSQL_SSL_CA_FILE/],
  [{ MYSQL_SSL_CA: '-----BEGIN CERTIFICATE-----' }, /MYSQL_SSL_CA holds no certificate that can be read/],
  [{ MYSQL_SSL_CA_FILE: ca, MYSQL_SSL: 'required' }, /MYSQL_SSL_CA is set, which MYSQL_SSL=required does not look at/],
])('TLS settings of MySQL that cannot be used are faults: %o', (variables, said) => {
  expect(() => readBaseConfig({ ...mysql, ...variables })).toThrow(said);
});

test.each(['MYSQL_DB', 'MYSQL_USER', 'MYSQL_PASSWORD', 'MYSQL_PORT', 'MYSQL_SSL'])(
  '%s without MYSQL_HOST is a fault, rather than a file in place of the server',
  (name) => {
    expect(() => readBaseConfig({ [name]: '3306', FERRY_DATA_DIR: '/srv/ferry' })).toThrow(
      new RegExp(`${name} is set but MYSQL_HOST is not: .*unset it to use the file /srv/ferry/ferry.db`),
    );
  },
);

test('the host under the name of other programs is told where MYSQL_HOST is missing', () => {
  expect(() => readBaseConfig({ MYSQL_DB: 'images', DB_HOST: 'db' })).toThrow(
    /set MYSQL_HOST to the server \(DB_HOST is set, which nothing reads\)/,
  );
});

test.each([
  ['MYSQL_DB', 'MYSQL_DATABASE'],
  ['MYSQL_PASSWORD', 'MYSQL_ROOT_PASSWORD'],
  ['MYSQL_PASSWORD', 'MYSQL_PASS'],
])('beside MYSQL_HOST, where %s is missing and %s is set, that is a fault', (name, other) => {
  const variables = { ...mysql, [name]: undefined, [other]: 'x' };

  expect(() => readBaseConfig(variables)).toThrow(
    new RegExp(`${other} is set, which nothing reads, and ${name} is not: ${name} is meant`),
  );
});

test('the port that Kubernetes gives to pods beside a service called mysql says nothing', () => {
  const { database } = readBaseConfig({ MYSQL_PORT: 'tcp://10.0.0.1:3306', FERRY_DATA_DIR: folder });

  expect(database).toMatchObject({ kind: 'sqlite' });
});
