import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { interpolate } from '../../src/domain/compose-interpolation.js';

/** The result of Compose's own code for a text; null for an error. */
type Answer = readonly [text: string, answer: string | null];

const variables: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', _UNDER: 'u', lower: 'l', TAG9: '9.0' };
const names = [...Object.keys(variables), 'UNSET', 'OTHER'];
const source = fileURLToPath(new URL('compose-go', import.meta.url));
const record = { seed: 20_261_123, numRuns: 4_000 };

// The results are recorded, so that Go is not needed: FERRY_RECORD_COMPOSE_GO=1 runs Compose's code again and writes
// them.
const isRecording = process.env['FERRY_RECORD_COMPOSE_GO'] === '1';

describe("interpolation beside Compose's own code", () => {
  beforeAll(() => {
    if (!isRecording) return;
    writeAnswers('by-grammar', fc.sample(composed(3), record));
    const characters = fc.constantFrom('$', '{', '}', ':', '-', '+', '?', 'S', 'E', 'T', 'SET', 'UNSET', ' ', '/', '1');
    const texts = fc.sample(
      fc.array(characters, { maxLength: 12 }).map((parts) => parts.join('')),
      record,
    );
    // The two count literal braces inside an operand differently; no image has them.
    writeAnswers(
      'any-characters',
      texts.filter((text) => !/(?<!\$)\{/.test(text.replaceAll('$$', ''))),
    );
  }, 300_000);

  test("thousands of texts of Compose's grammar are interpolated as by Compose's own code", () => {
    const answers = readAnswers('by-grammar');

    expect(answers.filter((answer) => !isSame(answer))).toEqual([]);
    expect(answers.filter(([, theirs]) => theirs !== null).length).toBeGreaterThan(1_000);
  });

  test("any text that is accepted is interpolated as by Compose's own code", () => {
    const accepted = readAnswers('any-characters').filter(([text]) => ours(text) !== null);

    expect(accepted.filter((answer) => !isSame(answer))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(500);
  });
});

function ours(text: string): string | null {
  const read = interpolate(text, (name) => variables[name]);
  return read.kind === 'fault' ? null : read.text;
}

function isSame([text, theirs]: Answer): boolean {
  return ours(text) === theirs;
}

/** One JSON pair per line. */
function answersPath(name: string): string {
  return join(source, `${name}.jsonl`);
}

function readAnswers(name: string): Answer[] {
  const lines = readFileSync(answersPath(name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Answer);
}

function writeAnswers(name: string, texts: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-compose-go-'));
  try {
    const program = join(folder, 'template');
    execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: 'pipe' });
    const templates = [...new Set(texts)];
    const output = execFileSync(program, { input: JSON.stringify({ variables, templates }), encoding: 'utf8' });
    const answers = JSON.parse(output) as { readonly text: string; readonly fault?: string }[];
    const lines = answers.map(({ text, fault }, place) =>
      JSON.stringify([templates[place], fault === undefined ? text : null]),
    );
    writeFileSync(answersPath(name), `${lines.join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Texts of Compose's grammar, with operands nested to this depth. */
function composed(depth: number): fc.Arbitrary<string> {
  const literal = fc.constantFrom('', 'nginx', ':', '-alpine', '/', '.', '?', '+', 'a b', '$$', '1');
  const name = fc.constantFrom(...names);
  if (depth === 0) return literal;
  const operator = fc.constantFrom(':-', '-', ':?', '?', ':+', '+');
  const part = fc.oneof(
    literal,
    // The following text must not be read as part of the name.
    name.map((text) => `$${text}/`),
    name.map((text) => `\${${text}}`),
    fc.tuple(name, operator, composed(depth - 1)).map((parts) => `\${${parts.join('')}}`),
  );
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
}
