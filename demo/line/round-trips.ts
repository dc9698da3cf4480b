import type { Exchange } from './line.js';

/** A round trip that had to wait for the one before it. */
export interface RoundTrip {
  /** `connect`, or the request of an exchange where it is known. */
  readonly what: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * The longest chain of round trips in which each began after the one before it had its answer: what a copy takes in
 * round trips, whatever else happens at the same time. Opening a connection is one of them.
 *
 * @param exchanges of one line, or of several lines that were used together
 * @param roundTripMs of these lines
 */
export function longestChain(exchanges: readonly Exchange[], roundTripMs: number): readonly RoundTrip[] {
  const openings = new Map(exchanges.map(({ openedAt, connection }) => [`${connection} ${openedAt}`, openedAt]));
  const roundTrips: RoundTrip[] = [
    ...[...openings.values()].map((openedAt) => ({
      what: 'connect',
      startedAt: openedAt,
      endedAt: openedAt + roundTripMs,
    })),
    ...exchanges.flatMap(({ request, sentAt, answeredAt }) =>
      answeredAt === undefined ? [] : [{ what: request ?? 'bytes', startedAt: sentAt, endedAt: answeredAt }],
    ),
  ].sort((a, b) => a.endedAt - b.endedAt);

  const chains: (readonly RoundTrip[])[] = [];
  for (const roundTrip of roundTrips) {
    const before = longest(chains.filter((chain) => (chain.at(-1)?.endedAt ?? 0) <= roundTrip.startedAt));
    chains.push([...before, roundTrip]);
  }
  return longest(chains);
}

function longest(chains: readonly (readonly RoundTrip[])[]): readonly RoundTrip[] {
  return chains.reduce((best, chain) => (chain.length > best.length ? chain : best), []);
}
