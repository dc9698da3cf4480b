import { expect, test } from 'vitest';

import { coversScope } from '../../src/domain/audit.js';

test.each([
  ['everything in depth', { deep: true }, { targets: ['aliyun'], deep: true }, true],
  ['all targets', { deep: false }, { targets: ['aliyun'], deep: false }, true],
  ['a shallow audit', { deep: false }, { deep: true }, false],
  ['another target', { targets: ['private'], deep: true }, { targets: ['aliyun'], deep: true }, false],
  ['one target', { targets: ['private'], deep: true }, { deep: false }, false],
  ['the same target', { targets: ['private'], deep: false }, { targets: ['private'], deep: false }, true],
])('an audit of %s answers only what it checks', (_, audit, asked, covers) => {
  expect(coversScope(audit, asked)).toBe(covers);
});
