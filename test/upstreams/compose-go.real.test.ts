import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { interpolate } from '../../src/domain/compose-interpolation.js';

interface Answer {
  readonly text: string;
  readonly fault?: string;
}

const variables: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', _UNDER: 'u', lower: 'l', TAG9: '9.0' };
const names = [...Object.keys(variables), 'UNSET', 'OTHER'];
const hasGo = spawnSync('go', ['version']).status === 0;

// Where there is no Go, Compose's own code cannot be asked; the examples of the unit tests stand everywhere.
describe.skipIf(!hasGo)("interpolation beside Compose's own code", () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-compose-go-'));
    const source = fileURLToPath(new URL('compose-go', import.meta.url));
    execFileSync('go', ['build', '-o', join(folder, 'template'), '.'], { cwd: source, stdio: 'pipe' });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function compose(templates: readonly string[]): Answer[] {
    const input = JSON.stringify({ variables, templates });
    return JSON.parse(execFileSync(join(folder, 'template'), { input, encoding: 'utf8' })) as Answer[];
  }

  test('thousands of texts by the grammar mean the same', () => {
    const texts = fc.sample(composed(3), { numRuns: 4_000, seed: 20_261_123 });

    const answers = compose(texts);

    expect(differences(texts, answers)).toEqual([]);
    expect(answers.filter(({ fault }) => fault === undefined).length).toBeGreaterThan(1_000);
  });

  test('a text of any characters that is accepted here means the same there', () => {
    const characters = fc.constantFrom('$', '{', '}', ':', '-', '+', '?', 'S', 'E', 'T', 'SET', 'UNSET', ' ', '/', '1');
    const texts = fc.sample(
      fc.array(characters, { maxLength: 12 }).map((parts) => parts.join('')),
      { numRuns: 4_000, seed: 20_261_123 },
    );
    // Braces that stand for themselves inside an operand are counted differently by the two; no image has them.
    const plain = texts.filter((text) => !/(?<!\$)\{/.test(text.replaceAll('$$', '')));

    const answers = compose(plain);

    const accepted = plain
      .map((text, place) => ({ text, theirs: answers[place], ours: interpolate(text, (name) => variables[name]) }))
      .filter(({ ours }) => ours.kind === 'text');
    expect(accepted.length).toBeGreaterThan(500);
    expect(
      accepted.filter(
        ({ ours, theirs }) => theirs?.fault !== undefined || ours.kind !== 'text' || ours.text !== theirs?.text,
      ),
    ).toEqual([]);
  });
});

function differences(texts: readonly string[], answers: readonly Answer[]) {
  return texts.flatMap((text, place) => {
    const theirs = answers[place];
    const ours = interpolate(text, (name) => variables[name]);
    const same =
      ours.kind === 'fault' ? theirs?.fault !== undefined : theirs?.fault === undefined && theirs?.text === ours.text;
    return same ? [] : [{ text, ours, theirs }];
  });
}

/** Texts by Compose's grammar, operands nested so deep. */
function composed(depth: number): fc.Arbitrary<string> {
  const literal = fc.constantFrom('', 'nginx', ':', '-alpine', '/', '.', '?', '+', 'a b', '$$', '1');
  const name = fc.constantFrom(...names);
  if (depth === 0) return literal;
  const operator = fc.constantFrom(':-', '-', ':?', '?', ':+', '+');
  const part = fc.oneof(
    literal,
    // What follows must not be read as part of the name.
    name.map((text) => `$${text}/`),
    name.map((text) => `\${${text}}`),
    fc.tuple(name, operator, composed(depth - 1)).map((parts) => `\${${parts.join('')}}`),
  );
  return fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
}
