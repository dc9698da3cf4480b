import { spawnSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { deferOptimizationFlags } from '../../src/cli/v8-flags.js';

test('deferOptimizationFlags returns no flag that Node 22 and 24 would warn about', () => {
  expect(deferOptimizationFlags('12.4.254.21-node.33')).toEqual([]);
  expect(deferOptimizationFlags('13.6.233.10-node.28')).toEqual([]);
});

test("this Node's V8 accepts the flags of deferOptimizationFlags", () => {
  const flags = deferOptimizationFlags(process.versions.v8);

  const { status, stderr } = spawnSync(process.execPath, [...flags, '--eval', ''], { encoding: 'utf8' });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
