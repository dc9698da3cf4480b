import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseUploadHabits, parseUploadRecord } from '../src/upload-records.js';

const record = {
  registry: 'registry.example.com',
  repository: 'mirror/app',
  tag: 'v1',
  digest: `sha256:${'a'.repeat(64)}`,
  size: 200,
  location: 'https://registry.example.com/v2/mirror/app/blobs/uploads/1?_state=x',
  foreign: false,
  offset: 100,
  hashes: [{ offset: 90, state: 'AQ==' }],
};

test('an upload that was written as JSON is read again, with its hashes in ascending order', () => {
  const hashes = [
    { offset: 90, state: 'AQ==' },
    { offset: 10, state: 'AQ==' },
  ];

  const read = parseUploadRecord(JSON.parse(JSON.stringify({ ...record, hashes, unknown: 1 })));

  expect(read).toEqual({ ...record, hashes: hashes.toReversed() });
});

test.each([
  ['registry', ''],
  ['repository', 7],
  ['tag', undefined],
  ['digest', 'md5:abc'],
  ['size', -1],
  ['size', 99],
  ['size', 2 ** 60],
  ['location', 'ftp://registry.example.com/'],
  ['location', `https://registry.example.com/${'x'.repeat(20_000)}`],
  ['foreign', 1],
  ['offset', 1.5],
  ['offset', 201],
  ['hashes', null],
  ['hashes', [null]],
  ['hashes', [{ offset: 201, state: 'AQ==' }]],
  ['hashes', [{ offset: 1 }]],
])('an upload whose %s is %j is not read', (field, value) => {
  expect(parseUploadRecord({ ...record, [field]: value })).toBeUndefined();
});

test('any other value is neither an upload nor a habit, and throws nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(parseUploadRecord(value)).toBeUndefined();
      expect(Object.values(parseUploadHabits(value)).every((habit) => habit === undefined)).toBe(true);
    }),
  );
});

test('habits are read without the fields that are not valid', () => {
  const habits = { afterBreak: 'keeps-bytes', takesChunks: 'yes', leastChunkBytes: 5, mostBodyBytes: -1 };

  expect(parseUploadHabits(habits)).toEqual({ afterBreak: 'keeps-bytes', leastChunkBytes: 5 });
});
