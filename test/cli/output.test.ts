import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { reportFault } from '../../src/cli/exit-status.js';
import { printJson, printLine, printTable, progressLine } from '../../src/cli/output.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import { writtenTo } from '../support/written-to.js';

let printed: string;

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('a table cuts long names in the middle and long reasons at the end, and keeps short columns narrow', () => {
  printTable(
    ['IMAGE', 'WHY'],
    [
      [`ghcr.io/${'a'.repeat(300)}:v1.2`, 'x'.repeat(2_000)],
      ['nginx:1.27', 'short'],
    ],
  );

  const [, long = '', short] = printed.split('\n');
  expect(long.length).toBeLessThan(720);
  expect(long).toMatch(/^ghcr\.io\/a+…a+:v1\.2 {2}x+…$/);
  expect(short).toBe(`${'nginx:1.27'.padEnd(100)}  short`);
});

test.each([
  ['a colour', '\u001b[31m', '\\u001b[31m'],
  ['a text that is turned round', '\u202egpj.exe', '\\u202egpj.exe'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a C1 control', '\u009b2J', '\\u009b2J'],
  ['a NUL', '\u0000', '\\u0000'],
])('output to the terminal contains no %s', (_what, text, shown) => {
  printTable(['IMAGE'], [[text]]);
  printLine(text);
  printJson({ text });

  expect(printed.split(shown)).toHaveLength(4);
  expect(printed).not.toContain(text);
});

test('printed JSON parses to the original value', () => {
  const value = { text: '\u202e\u001b[31m\u0085\n"' };

  printJson(value);

  expect(JSON.parse(printed)).toEqual(value);
});

test('a printed error escapes foreign control characters and keeps its own lines', () => {
  const told = writtenTo('stderr');

  reportFault(new FerryError('two faults:\n  - one\n  - \u001b[2Jtwo', { code: 'upstream-format', decision: 'block' }));

  expect(told.join('')).toBe('ferry: two faults:\n  - one\n  - \\u001b[2Jtwo\n');
});

test('a progress line fits the terminal: the name is cut, the numbers are not', () => {
  const name = `registry.example.com/${'a'.repeat(60)}/app:2026.1`;

  const line = progressLine(name, '100.0 MB read, 200.0 MB sent', 80);

  expect(line).toHaveLength(80);
  expect(line).toMatch(/^ {2}registry\.example.*…a+\/app:2026\.1 {2}100\.0 MB read, 200\.0 MB sent$/);
  expect(progressLine('nginx:1.27', '', 80)).toBe('  nginx:1.27');
});
