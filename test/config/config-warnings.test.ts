import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { readConfig } from '../../src/config/read-config.js';
import { describeConfigFile, configWarnings } from '../../src/config/config-warnings.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-notes-'));
  path = join(folder, 'ferry.yaml');
  return () => rmSync(folder, { recursive: true, force: true });
});

test('a ferry.yaml in the working folder that no variable names is told, with how to have it read', () => {
  const before = configWarnings({}, folder);
  writeFileSync(path, '');
  const after = configWarnings({ FERRY_CONFIG: '', MY_REGISTY: 'x' }, folder);

  expect(before).toEqual([]);
  expect(after).toEqual([
    'MY_REGISTY is set, which nothing reads: is MY_REGISTRY meant?',
    `${path} is not read: set FERRY_CONFIG=ferry.yaml if it is meant`,
  ]);
});

test.each([{ FERRY_CONFIG: 'other.yaml' }, { FERRY_CONFIG_FILE: '/run/secrets/path' }])(
  'where %j names a file, the one in the working folder is nobody’s slip',
  (variables) => {
    writeFileSync(path, '');

    expect(configWarnings(variables, folder)).toEqual([]);
  },
);

test('where no target is configured, the file that is not read is told with it', () => {
  const home = process.cwd();
  onTestFinished(() => process.chdir(home));
  writeFileSync(path, 'targets: { lab: { registry: lab.example.com } }');
  process.chdir(folder);

  expect(() => readConfig({})).toThrow(/no target is configured: [^]*ferry\.yaml is not read: set FERRY_CONFIG=/);
  expect(readConfig({ FERRY_CONFIG: 'ferry.yaml' }).targets.map(({ name }) => name)).toEqual(['lab']);
});

test.each([
  [{}, 'FERRY_CONFIG names no file'],
  [{ FERRY_CONFIG: './ferry.yaml' }, 'the file is ./ferry.yaml'],
  [{ FERRY_CONFIG_FILE: '/run/secrets/path' }, 'the file is the one that /run/secrets/path names'],
])('with %j it is said: %s', (variables, said) => {
  expect(describeConfigFile(variables)).toBe(said);
});
