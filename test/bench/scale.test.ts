import { expect, test } from 'vitest';

import { reportOf } from '../../bench/report.js';
import { kindOf, requestsBetween } from '../../bench/scale/counted-registry.js';
import { tinyImageNumber } from '../../bench/scale/tiny-images.js';
import { countOf } from '../../bench/scenario.js';

test('two tiny images have different blobs, and names, manifests and blobs of the same length', () => {
  const [one, other] = [tinyImageNumber(1), tinyImageNumber(123_456, 'ptn')];

  expect(new Set([one, other].flatMap(({ blobs }) => blobs.map(({ digest }) => digest))).size).toBe(4);
  for (const lengthOf of [
    (image: typeof one) => image.repository.length,
    (image: typeof one) => image.tag.length,
    (image: typeof one) => image.bytes.length,
    (image: typeof one) => image.blobs.map(({ size }) => size).join(),
  ]) {
    expect(lengthOf(other)).toBe(lengthOf(one));
  }
});

test('requests are counted by what they ask, as the difference of two counts', () => {
  expect(kindOf({ method: 'POST', path: '/v2/a/blobs/uploads/?mount=x' })).toBe('POST uploads');
  expect(kindOf({ method: 'HEAD', path: '/v2/a/blobs/sha256:0' })).toBe('HEAD blobs');
  expect(requestsBetween([{ a: 1, b: 2 }, {}], [{ a: 3, b: 2 }, { c: 1 }])).toEqual({ a: 2, c: 1 });
});

test('a scenario takes few images unless it is given a number or runs in full', () => {
  const counts = { small: 3, full: 100 };
  const settings = { attempts: 1, scale: 1 };

  expect(countOf(settings, counts)).toBe(3);
  expect(countOf({ ...settings, images: 'full' }, counts)).toBe(100);
  expect(countOf({ ...settings, images: 7 }, counts)).toBe(7);
});

test('a table of its own takes the place of the entries in a report', () => {
  const table = { columns: ['', 'events', 'empty'], rows: [['ferry', '23', '']] };

  const report = reportOf({ title: 'T', setting: 'S.', entries: [], table, goals: [] });

  expect(report).toContain('|  | events |\n| --- | --: |\n| ferry | 23 |');
  expect(report).not.toContain('seconds');
});
