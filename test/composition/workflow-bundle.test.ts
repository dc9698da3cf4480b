import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { workflowBundlePath } from '../../src/composition/workflow-bundle.js';

test('a worker loads the workflow bundle of its build; without one the error names the build command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));

  expect(() => workflowBundlePath(folder)).toThrow(/workflow-bundle\.cjs is missing: run "npm run build"/);

  writeFileSync(join(folder, 'workflow-bundle.cjs'), '');

  expect(workflowBundlePath(folder)).toBe(join(folder, 'workflow-bundle.cjs'));
});
