import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { mistypedVariables } from '../../src/config/mistyped-variables.js';
import { readConfig } from '../../src/config/read-config.js';

test.each([
  ['MY_REGISTY', 'MY_REGISTRY'],
  ['MY_REGISTRY_PASSWROD', 'MY_REGISTRY_PASSWORD'],
  ['ALIYUN_NAMESPACE', 'ALIYUN_NAME_SPACE'],
  ['FERRY_PLATFORM', 'FERRY_PLATFORMS'],
  ['MY_REGISTRY_USERNAME', 'MY_REGISTRY_USER'],
  ['DOCKERHUB_USER', 'DOCKERHUB_USERNAME'],
  ['MYSQL_PASWORD_FILE', 'MYSQL_PASSWORD_FILE'],
])('%s, which nothing reads, is told with what it was meant to be', (given, meant) => {
  expect(mistypedVariables({ [given]: 'x', MYSQL_HOST: 'db' })).toEqual([{ given, meant }]);
});

test.each([
  'MYSQL_ROOT_PASSWORD',
  'MYSQL_PWD',
  'MYSQL_DSN',
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
])('%s of another program is left alone', (name) => {
  expect(mistypedVariables({ [name]: 'x' })).toEqual([]);
});

test('beside the variable that it looks like, or empty, it is nobody’s slip', () => {
  expect(mistypedVariables({ MY_REGISTRY: 'one', MY_REGISTRY2: 'two', FERRY_PLATFORM: '' })).toEqual([]);
});

test('where no target is configured the slip is told with it', () => {
  expect(() => readConfig({ MY_REGISTY: 'registry.example.com' })).toThrow(
    /no target is configured: [^]*MY_REGISTY is set, which nothing reads: is MY_REGISTRY meant\?/,
  );
});

test('every variable of the configuration is known', () => {
  const folder = fileURLToPath(new URL('../../src/config', import.meta.url));
  const texts = readdirSync(folder)
    .filter((file) => file !== 'mistyped-variables.ts')
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const variable = /'((?:FERRY|MYSQL|ALIYUN|MY_REGISTRY|DOCKERHUB|GITHUB)(?:_[A-Z]+)*)'/g;
  const names = new Set(texts.flatMap((text) => [...text.matchAll(variable)].map(([, name = '']) => name)));

  // Each without its last letter is told, and so it is in the list.
  const untold = [...names].filter((name) => mistypedVariables({ [name.slice(0, -1)]: 'x' })[0]?.meant !== name);

  expect(names.size).toBeGreaterThan(30);
  expect(untold).toEqual([]);
});
