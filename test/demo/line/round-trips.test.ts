import { expect, test } from 'vitest';

import type { Exchange } from '../../../demo/line/line.js';
import { longestChain } from '../../../demo/line/round-trips.js';

const roundTripMs = 100;

test('requests at the same time over several connections are one round trip', () => {
  const exchanges = [
    exchange({ connection: 1, openedAt: 0, sentAt: 100, request: 'HEAD /a' }),
    exchange({ connection: 2, openedAt: 1, sentAt: 101, request: 'HEAD /b' }),
    exchange({ connection: 1, openedAt: 0, sentAt: 210, request: 'GET /c' }),
  ];

  const chain = longestChain(exchanges, roundTripMs);

  expect(chain.map(({ what }) => what)).toEqual(['connect', 'HEAD /a', 'GET /c']);
});

test('a connection that was opened before it was needed costs nothing, and one that was not costs a round trip', () => {
  const first = exchange({ connection: 1, openedAt: 0, sentAt: 100, request: 'HEAD /a' });
  const early = exchange({ connection: 2, openedAt: 50, sentAt: 205, request: 'POST /b' });
  const late = exchange({ connection: 2, openedAt: 205, sentAt: 305, request: 'POST /b' });

  const namesOf = (...exchanges: readonly Exchange[]) => longestChain(exchanges, roundTripMs).map(({ what }) => what);

  expect(namesOf(first, early)).toEqual(['connect', 'HEAD /a', 'POST /b']);
  expect(namesOf(first, late)).toEqual(['connect', 'HEAD /a', 'connect', 'POST /b']);
});

test('a request without an answer is no round trip', () => {
  expect(longestChain([{ connection: 1, openedAt: 0, sentAt: 100, bytes: { up: 1, down: 0 } }], roundTripMs)).toEqual([
    { what: 'connect', startedAt: 0, endedAt: 100 },
  ]);
});

function exchange(fields: Pick<Exchange, 'connection' | 'openedAt' | 'sentAt' | 'request'>): Exchange {
  const answeredAt = fields.sentAt + roundTripMs;
  return { ...fields, answeredAt, endedAt: answeredAt, bytes: { up: 1, down: 1 } };
}
