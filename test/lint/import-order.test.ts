import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';

import { projectRoot } from '../support/tools.js';

const ordered = `// What the file does.
import { join } from 'node:path';
import type { ParsedPath } from 'node:path';

import { test } from 'vitest';

import { far } from '../far.js';
// Why this one is here.
import { near } from './near.js'; // and behind it

test(join(far, near), (path: ParsedPath) => path);
`;

test('imports in order are accepted, and others are put in order together with their comments', async () => {
  const shuffled = `// What the file does.
import { test } from 'vitest';
// Why this one is here.
import { near } from './near.js'; // and behind it
import type { ParsedPath } from 'node:path';

import { far } from '../far.js';
import { join } from 'node:path';

test(join(far, near), (path: ParsedPath) => path);
`;

  expect(await lint(ordered)).toEqual({ exitCode: 0, text: ordered });
  expect(await lint(shuffled)).toEqual({ exitCode: 1, text: shuffled });
  expect(await lint(shuffled, '--fix')).toEqual({ exitCode: 0, text: ordered });
});

test('a blank line is required between groups and refused inside them', async () => {
  const together = ordered.replace("'node:path';\n\n", "'node:path';\n");
  const apart = ordered.replace("'../far.js';\n", "'../far.js';\n\n");

  expect(await lint(together)).toMatchObject({ exitCode: 1 });
  expect(await lint(apart)).toMatchObject({ exitCode: 1 });
  expect(await lint(together, '--fix')).toEqual({ exitCode: 0, text: ordered });
  expect(await lint(apart, '--fix')).toEqual({ exitCode: 0, text: ordered });
});

async function lint(source: string, ...options: string[]): Promise<{ exitCode: number | undefined; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-lint-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file.ts');
  const plugin = join(projectRoot, 'scripts', 'lint', 'import-order.mjs');
  writeFileSync(file, source);
  writeFileSync(
    join(folder, '.oxlintrc.json'),
    JSON.stringify({
      jsPlugins: [plugin],
      categories: { correctness: 'off' },
      rules: { 'ferry/import-order': 'error' },
    }),
  );
  const oxlint = join(projectRoot, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { exitCode } = await execa(process.execPath, [oxlint, ...options], { cwd: folder, reject: false });
  return { exitCode, text: readFileSync(file, 'utf8') };
}
