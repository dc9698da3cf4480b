import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { readConfig, readUpConfig } from '../../src/config/read-config.js';
import { unknownVariables } from '../../src/config/unknown-variables.js';

test.each([
  ['MY_REGISTY', 'MY_REGISTRY'],
  ['MY_REGISTRY_PASSWROD', 'MY_REGISTRY_PASSWORD'],
  ['ALIYUN_NAMESPACE', 'ALIYUN_NAME_SPACE'],
  ['FERRY_PLATFORM', 'FERRY_PLATFORMS'],
  ['MY_REGISTRY_USERNAME', 'MY_REGISTRY_USER'],
  ['DOCKERHUB_USER', 'DOCKERHUB_USERNAME'],
  ['MYSQL_PASWORD_FILE', 'MYSQL_PASSWORD_FILE'],
])('the unknown variable %s is reported with the one that was probably meant', (given, meant) => {
  expect(unknownVariables({ [given]: 'x', MYSQL_HOST: 'db' })).toEqual([{ given, meant }]);
});

const server = 'MYSQL_HOST (with MYSQL_PORT, MYSQL_DB, MYSQL_USER and MYSQL_PASSWORD)';

test.each([
  ['MYSQL_DATABASE', 'MYSQL_DB'],
  ['MYSQL_ROOT_PASSWORD', 'MYSQL_PASSWORD'],
  ['MYSQL_PASS', 'MYSQL_PASSWORD'],
  ['MYSQL_PWD', 'MYSQL_PASSWORD'],
  ['MYSQL_USERNAME', 'MYSQL_USER'],
  ['MYSQL_SSL_MODE', 'MYSQL_SSL'],
  ['MYSQL_URL', server],
  ['DATABASE_URL', server],
  ['DB_HOST', 'MYSQL_HOST'],
  ['DB_NAME', 'MYSQL_DB'],
  ['DB_PASSWORD', 'MYSQL_PASSWORD'],
])("the database variable %s of other programs is reported with the ferry's variable %s", (given, meant) => {
  expect(unknownVariables({ [given]: 'x' })).toEqual([{ given, meant }]);
});

test("a database variable of other programs is ignored when the ferry's own one is set", () => {
  const own = { MYSQL_HOST: 'db', MYSQL_DB: 'ferry', MYSQL_USER: 'ferry', MYSQL_PASSWORD: 'x' };

  expect(
    unknownVariables({ ...own, MYSQL_DATABASE: 'x', MYSQL_ROOT_PASSWORD: 'x', DB_HOST: 'x', MYSQL_URL: 'x' }),
  ).toEqual([]);
});

test.each([
  'MYSQL_SERVICE_HOST',
  'FERRY_REGISTRY',
  'FERRY_PORT',
  'FERRY_DOCKER',
  'GITHUB_REPOSITORY',
  'GITHUB_REF',
  'TEMPORAL_TLS',
  'HARBOR_PASSWORD',
  'HTTP_PROXY',
  'PATH',
])('the variable %s of another program is not reported', (name) => {
  expect(unknownVariables({ [name]: 'x' })).toEqual([]);
});

test('a similar variable is not reported when the right one is set or when it is empty', () => {
  expect(unknownVariables({ MY_REGISTRY: 'one', MY_REGISTRY2: 'two', FERRY_PLATFORM: '' })).toEqual([]);
});

test('a misspelled variable is reported together with the error that no target is configured', () => {
  expect(() => readConfig({ MY_REGISTY: 'registry.example.com' })).toThrow(
    /no target is configured: [^]*unknown variable MY_REGISTY; did you mean MY_REGISTRY\?/,
  );
});

test('ferry up starts without a target, but not when one was meant to be set', () => {
  const mayLackTargets = true;

  expect(readUpConfig({}, { mayLackTargets }).config.targets).toEqual([]);
  expect(() => readUpConfig({})).toThrow('no target is configured');
  expect(() => readUpConfig({ MY_REGISTY: 'registry.example.com' }, { mayLackTargets })).toThrow('MY_REGISTRY?');
  expect(() => readUpConfig({ ALIYUN_REGISTRY: 'cr.example.com' }, { mayLackTargets })).toThrow('ALIYUN_NAME_SPACE');
});

test('every variable that the configuration reads is in the list of known variables', () => {
  const folder = fileURLToPath(new URL('../../src/config', import.meta.url));
  const texts = readdirSync(folder)
    .filter((file) => file !== 'mistyped-variables.ts')
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const variable = /'((?:FERRY|MYSQL|ALIYUN|MY_REGISTRY|DOCKERHUB|GITHUB)(?:_[A-Z]+)*)'/g;
  const names = new Set(texts.flatMap((text) => [...text.matchAll(variable)].map(([, name = '']) => name)));

  // Each name without its last letter is reported, which shows that it is in the list.
  const untold = [...names].filter((name) => unknownVariables({ [name.slice(0, -1)]: 'x' })[0]?.meant !== name);

  expect(names.size).toBeGreaterThan(30);
  expect(untold).toEqual([]);
});
