import { expect, test } from 'vitest';

import { filterOf, readImageSearch } from '../src/pages/images/search.js';

test('an address with filters, sort and selection is read as it was written', () => {
  const search = {
    search: 'nginx',
    state: 'blocked',
    target: 'aliyun',
    code: 'unreachable',
    age: 'day',
    sort: 'image',
    order: 'asc',
    selected: ['docker.io/library/nginx:1.27'],
  } as const;

  expect(readImageSearch({ ...search })).toEqual(search);
});

test('what an address says that means nothing is left out, whatever it is', () => {
  const search = readImageSearch({
    state: 'gone',
    sort: { a: 1 },
    selected: [1, 'a'],
    target: '',
    code: null,
    other: 1,
  });

  expect(search).toEqual({ selected: ['a'] });
});

test('an age becomes the time since when nothing has changed', () => {
  const { olderThan } = filterOf({ age: 'day' }, 1_000_000_000);

  expect(olderThan).toBe(1_000_000_000 - 24 * 60 * 60 * 1_000);
});
