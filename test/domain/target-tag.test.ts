import { parseImageReference, printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { commonTag, referencesOfKey, targetTag, targetTagKey } from '../../src/domain/target-tag.js';
import { reference, target } from './arbitraries.js';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

test.each([
  ['nginx:1.27', '1.27'],
  ['nginx', 'latest'],
  [`nginx:1.27@${sha256}`, '1.27'],
  [`nginx@${sha256}`, 'digest-0123456789ab'],
])('%s has the tag %s on a target', (image, expected) => {
  expect(commonTag(parseImageReference(image))).toBe(expected);
});

/** Those that a digest becomes, and those that a rule is likely to make one of. */
const alikeTags = [
  'latest',
  '1.27',
  'v1.27',
  'V1.27',
  '1.27-alpine',
  '1.27.0',
  'digest-0123456789ab',
  'digest-0123456789',
];

/** Of one repository, and alike on purpose: with the tag that a digest becomes, and with digests that begin alike. */
const alike = fc
  .tuple(
    reference,
    fc.array(
      fc.record({
        tag: fc.constantFrom(undefined, ...alikeTags),
        digest: fc.constantFrom(undefined, sha256, sha512, sha256.replace('89ab', '89aa')),
      }),
      { minLength: 2, maxLength: 6 },
    ),
  )
  .map(([{ host, path, ...first }, others]) =>
    [first, ...others].map(({ tag, digest }) =>
      parseImageReference(
        `${host}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`,
      ),
    ),
  );

const pairsOf = (references: readonly ImageReference[]): readonly (readonly [ImageReference, ImageReference])[] =>
  references.flatMap((one) => references.map((other) => [one, other] as const));

describe('two references of one source repository', () => {
  test('have one key if, and only if, they have one tag on a target, whatever the target', () => {
    fc.assert(
      fc.property(alike, target, (references, where) => {
        for (const [one, other] of pairsOf(references)) {
          const isOneTag = targetTag(one, where) === targetTag(other, where);
          const isOneKey = targetTagKey(printImageReference(one)) === targetTagKey(printImageReference(other));
          expect(isOneKey, `${printImageReference(one)} and ${printImageReference(other)}`).toBe(isOneTag);
        }
      }),
    );
  });

  test('have one key if, and only if, the texts by which the database finds references find both', () => {
    fc.assert(
      fc.property(alike, (references) => {
        for (const [one, other] of pairsOf(references)) {
          const key = targetTagKey(printImageReference(one));
          const text = printImageReference(other);
          const { exact, prefixes } = referencesOfKey(key);
          const isFound = text === exact || prefixes.some((prefix) => text.startsWith(prefix));
          expect(isFound, `${text} by ${key}`).toBe(targetTagKey(text) === key);
        }
      }),
    );
  });
});

test('references of two source repositories never have one key', () => {
  fc.assert(
    fc.property(reference, reference, (one, other) => {
      fc.pre(sourceRepository(one) !== sourceRepository(other));

      expect(targetTagKey(printImageReference(one))).not.toBe(targetTagKey(printImageReference(other)));
    }),
  );
});
