import { expect, test } from 'vitest';

import { groupBy } from '../../src/domain/group-by.js';

test('Items are grouped by key, and keep their order in each group', () => {
  const groups = groupBy(['apple', 'avocado', 'banana', 'apricot'], (word) => word.slice(0, 1));

  expect([...groups]).toEqual([
    ['a', ['apple', 'avocado', 'apricot']],
    ['b', ['banana']],
  ]);
});
