import { InvalidInput as RegistryInvalidInput, RegistryError } from '@image-ferry/registry/errors';
import { expect, test } from 'vitest';

import { FerryError, InvalidInput } from '../../src/domain/ferry-error.js';

const day = 24 * 60 * 60 * 1_000;

test.each([
  ['nothing at all', 0, 1_000],
  ['a moment', 200, 1_000],
  ['a minute', 60_000, 60_000],
  ['a day', day, day],
  ['years', 10 * 365 * day, day],
  ['for ever', Infinity, day],
])('a Retry-After of %s (%d ms) becomes a wait of %d ms', (_what, asked, expected) => {
  const fault = new FerryError('later', { code: 'rate-limited', decision: 'wait', retryAfterMs: asked });

  expect(fault.retryAfterMs).toBe(expected);
});

test('an error of the registry client is a FerryError, and invalid text of it an InvalidInput', () => {
  const fault = new RegistryError('no such tag', { code: 'tag-missing', decision: 'wait' });
  const refusal = new RegistryInvalidInput('not a platform', 'invalid-platform');

  expect(fault).toBeInstanceOf(FerryError);
  expect(refusal).toBeInstanceOf(FerryError);
  expect(refusal).toBeInstanceOf(InvalidInput);
  expect(fault).not.toBeInstanceOf(InvalidInput);
});
