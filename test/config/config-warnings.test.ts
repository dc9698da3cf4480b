import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { describeConfigFile, configWarnings } from '../../src/config/config-warnings.js';
import { readConfig } from '../../src/config/read-config.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-notes-'));
  path = join(folder, 'ferry.yaml');
  return () => rmSync(folder, { recursive: true, force: true });
});

test('a ferry.yaml in the working folder that is not used is reported with how to use it', () => {
  const before = configWarnings({}, folder);
  writeFileSync(path, '');
  const after = configWarnings({ FERRY_CONFIG: '', MY_REGISTY: 'x' }, folder);

  expect(before).toEqual([]);
  expect(after).toEqual([
    'unknown variable MY_REGISTY; did you mean MY_REGISTRY?',
    `${path} is not used: set FERRY_CONFIG=ferry.yaml to use it`,
  ]);
});

test.each([{ FERRY_CONFIG: 'other.yaml' }, { FERRY_CONFIG_FILE: '/run/secrets/path' }])(
  'a ferry.yaml in the working folder is not reported when %j names another file',
  (variables) => {
    writeFileSync(path, '');

    expect(configWarnings(variables, folder)).toEqual([]);
  },
);

test('an unused ferry.yaml is reported together with the error that no target is configured', () => {
  const home = process.cwd();
  onTestFinished(() => process.chdir(home));
  writeFileSync(path, 'targets: { lab: { registry: lab.example.com } }');
  process.chdir(folder);

  expect(() => readConfig({})).toThrow(/no target is configured: [^]*ferry\.yaml is not used: set FERRY_CONFIG=/);
  expect(readConfig({ FERRY_CONFIG: 'ferry.yaml' }).targets.map(({ name }) => name)).toEqual(['lab']);
});

test.each([
  [{}, 'FERRY_CONFIG is not set'],
  [{ FERRY_CONFIG: './ferry.yaml' }, 'configuration file ./ferry.yaml'],
  [{ FERRY_CONFIG_FILE: '/run/secrets/path' }, 'configuration file named in /run/secrets/path'],
])('describeConfigFile with %j returns: %s', (variables, said) => {
  expect(describeConfigFile(variables)).toBe(said);
});
