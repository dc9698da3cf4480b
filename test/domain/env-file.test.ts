import { expect, test } from 'vitest';

import { exampleEnvFiles, parseEnvFile } from '../../src/domain/env-file.js';

test.each<[string, Readonly<Record<string, string>>]>([
  ['A=1\nB = 2\nexport C=3\n\n# D=4\n', { A: '1', B: '2', C: '3' }],
  ['A=1 # comment\nB=1# none\nC=\nD=a b', { A: '1', B: '1# none', C: '', D: 'a b' }],
  ['A="x y # z" # comment\nB=\'$A\'\nC="${A}!"\nD=$A\n', { A: 'x y # z', B: '$A', C: 'x y # z!', D: 'x y # z' }],
  ['A="one\ntwo"\nB=2', { A: 'one\ntwo', B: '2' }],
  ['A=${B}\nB=1\nC=${B:-2}\nD=${E:-5}', { B: '1', C: '1', D: '5' }],
  ['A=${OUTER}-1\nOUTER=2\r\nB=$OUTER\r\n', { A: 'given-1', OUTER: '2', B: 'given' }],
  ['\uFEFFA: 1\n1B=2\nno assignment\n', { A: '1' }],
])('the environment file %j is read as Compose reads it', (text, values) => {
  const read = parseEnvFile(text, (name) => (name === 'OUTER' ? 'given' : undefined));

  expect(Object.fromEntries(read)).toEqual(values);
});

test('a very long environment file is read quickly', () => {
  for (const text of [
    'A="'.repeat(300_000),
    `A=${'x'.repeat(1_000_000)}`,
    'A=1\n'.repeat(300_000),
    '\n'.repeat(1_000_000),
  ]) {
    expect(parseEnvFile(text, () => undefined).size).toBeLessThan(2);
  }
});

test('example environment files are found by precedence, and other files are ignored', () => {
  const names = [
    'README.md',
    '.env',
    'env.example',
    '.env.template',
    '.env.example',
    'my.env.ts',
    'example.env',
    '.envrc',
  ];

  expect(exampleEnvFiles(names)).toEqual(['.env.example', '.env.template', 'example.env', 'env.example']);
});
