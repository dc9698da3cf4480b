import { spawnSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { heapGrowthFlags } from '../../src/composition/heap-growth.js';

test("this Node's V8 accepts the flags of heapGrowthFlags", () => {
  const flags = heapGrowthFlags(process.versions.v8);

  const { status, stderr } = spawnSync(process.execPath, [...flags, '--eval', ''], { encoding: 'utf8' });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('a version of V8 that is not known gets no flags', () => {
  expect(heapGrowthFlags('15.0.1-node.1')).toEqual([]);
});
