import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test } from 'vitest';

import { bundleOf, currentWorkflowBundle, workflowFingerprint } from '../../src/composition/workflow-bundle.js';

let compiled: string;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  compiled = join(folder, 'src');
  for (const part of ['workflows', 'contract', 'domain', 'cli']) {
    mkdirSync(join(compiled, part), { recursive: true });
    writeFileSync(join(compiled, part, 'index.js'), `// ${part}\n`);
  }
});

/** What the build does. */
function bundle(): void {
  const { path, stampPath } = bundleOf(compiled);
  writeFileSync(path, '');
  writeFileSync(stampPath, `${workflowFingerprint(compiled)}\n`);
}

test('the bundle of the very code is taken, whatever was compiled beside it', () => {
  bundle();
  writeFileSync(join(compiled, 'cli', 'index.js'), '// another\n');
  writeFileSync(join(compiled, 'workflows', 'index.js.map'), '{}');

  expect(currentWorkflowBundle(`${compiled}/`)).toBe(bundleOf(compiled).path);
});

test.each([
  ['changed', 'contract/index.js'],
  ['added', 'domain/more.js'],
])('a worker with code that was %s since refuses to start, with the command to type', (_what, file) => {
  bundle();
  writeFileSync(join(compiled, file), '// newer\n');

  expect(() => currentWorkflowBundle(compiled)).toThrow(
    'the workflow bundle is of other code than the worker: run "npm run build"',
  );
});

test('a worker without a bundle says so', () => {
  expect(() => currentWorkflowBundle(compiled)).toThrow('there is no workflow bundle: run "npm run build"');
});
