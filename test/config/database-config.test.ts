import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { readBaseConfig } from '../../src/config/base-config.js';
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
])('MYSQL_SSL=%s means %s', (given, tls) => {
  expect(readBaseConfig({ ...mysql, MYSQL_SSL: given }).database).toMatchObject({ kind: 'mysql', tls });
});

test('the CA of MySQL can be given as text or as a file', () => {
  const pem = readFileSync(ca, 'utf8');

  const database = readBaseConfig({ ...mysql, MYSQL_SSL_CA_FILE: ca }).database;

  expect(database).toMatchObject({ ca: pem.trimEnd() });
  expect(readBaseConfig({ ...mysql, MYSQL_SSL_CA: pem.trimEnd() }).database).toEqual(database);
});

test.each([
  [{ MYSQL_SSL: 'maybe' }, /MYSQL_SSL is "maybe": expected off, preferred, required, verify-ca or verify-identity/],
  [
    { MYSQL_SSL_CA: '/etc/ca.pem' },
    /MYSQL_SSL_CA is not a PEM certificate .*use MYSQL_SSL_CA_FILE for the path of a file/,
  ],
  [{ MYSQL_SSL_CA: '-----BEGIN CERTIFICATE-----' }, /MYSQL_SSL_CA is not a valid certificate/],
  [{ MYSQL_SSL_CA_FILE: ca, MYSQL_SSL: 'required' }, /MYSQL_SSL_CA has no effect with MYSQL_SSL=required/],
])('invalid TLS settings of MySQL are errors: %o', (variables, said) => {
  expect(() => readBaseConfig({ ...mysql, ...variables })).toThrow(said);
});

test.each(['MYSQL_DB', 'MYSQL_USER', 'MYSQL_PASSWORD', 'MYSQL_PORT', 'MYSQL_SSL'])(
  '%s without MYSQL_HOST is an error and does not select SQLite',
  (name) => {
    expect(() => readBaseConfig({ [name]: '3306', FERRY_DATA_DIR: '/srv/ferry' })).toThrow(
      new RegExp(`${name} is set but MYSQL_HOST is not: .*unset it to use SQLite \\(/srv/ferry/ferry.db\\)`),
    );
  },
);

test("a database host under another program's name is reported when MYSQL_HOST is missing", () => {
  expect(() => readBaseConfig({ MYSQL_DB: 'images', DB_HOST: 'db' })).toThrow(
    /set MYSQL_HOST to the server \(the unknown variable DB_HOST is set\)/,
  );
});

test.each([
  ['MYSQL_DB', 'MYSQL_DATABASE'],
  ['MYSQL_PASSWORD', 'MYSQL_ROOT_PASSWORD'],
  ['MYSQL_PASSWORD', 'MYSQL_PASS'],
])('with MYSQL_HOST set, a missing %s is an error when %s is set', (name, other) => {
  const variables = { ...mysql, [name]: undefined, [other]: 'x' };

  expect(() => readBaseConfig(variables)).toThrow(
    new RegExp(`unknown variable ${other} is set, and ${name} is not: rename it to ${name}`),
  );
});

test('the MYSQL_PORT that Kubernetes sets beside a service called mysql is ignored', () => {
  const { database } = readBaseConfig({ MYSQL_PORT: 'tcp://10.0.0.1:3306', FERRY_DATA_DIR: folder });

  expect(database).toMatchObject({ kind: 'sqlite' });
});
