import { expect, test } from 'vitest';

import { parseChallenges } from '../src/transport/challenge.js';
import { redactText } from '../src/transport/redaction.js';
import { parseRetryAfter } from '../src/transport/retrying.js';

test.each([
  [
    'a scope with a comma in quotes',
    'Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://auth.example.com/token', service: 'r', scope: 'repository:a/b:pull,push' },
      },
    ],
  ],
  [
    'two challenges in one header',
    'Basic realm="a, b", bearer Realm="https://x/y" , service=z',
    [
      { scheme: 'basic', parameters: { realm: 'a, b' } },
      { scheme: 'bearer', parameters: { realm: 'https://x/y', service: 'z' } },
    ],
  ],
  ['a scheme alone', 'Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['escaped quotes', 'Basic realm="the \\"best\\""', [{ scheme: 'basic', parameters: { realm: 'the "best"' } }]],
  ['nothing', '', []],
  ['what is no challenge', '"""', []],
])('the challenge %s is parsed', (_, header, expected) => {
  const challenges = parseChallenges(header);

  expect(challenges).toEqual(expected);
});

test.each([
  ['120', 120_000],
  ['Wed, 21 Oct 2026 07:28:10 GMT', 10_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['880.092µs, allowed: 44000/minute', undefined],
  [undefined, undefined],
])('Retry-After %s is read as %s ms', (header, expected) => {
  const milliseconds = parseRetryAfter(header, Date.parse('2026-10-21T07:28:00Z'));

  expect(milliseconds).toBe(expected);
});

test('secrets and signed URLs are removed from text that is shown', () => {
  const text = redactText(
    'got {"token":"abcdefgh"} for Bearer abc.def.ghi at https://user:pw@bucket.example.com/x?X-Amz-Signature=123',
  );

  expect(text).toBe('got {"token":"…"} for Bearer … at https://bucket.example.com/x?…');
});
