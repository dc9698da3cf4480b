import type { Timing } from '../../transport/timing.js';
import type { ByteBudget } from './byte-budget.js';
import type { ConnectionLimit } from './connection-limit.js';
import type { SegmentConnection } from './segment-connection.js';
import type { Segment, Segments } from './segments.js';

const mebibyte = 1024 * 1024;
/** A smaller rest of a segment is not divided. */
const leastRestBytes = 8 * mebibyte;
/** Another connection must save time: what one reads in this many windows of measurement is not divided. */
export const worthwhileWindows = 4;
/** A segment takes one connection about this long, and much longer than the round trip of its request. */
const segmentWindows = 2;
const segmentRoundTrips = 10;
const segmentBytes = { least: mebibyte, most: 16 * mebibyte } as const;
/** Segments begin no further ahead of what is handed on. */
const mostSpanBytes = 32 * mebibyte;

/** Where the segments of a blob end, and which part of it the next connection reads. */
export class SegmentPlan {
  readonly #segments: Segments<SegmentConnection>;
  readonly #connections: ReadonlySet<SegmentConnection>;
  readonly #options: {
    readonly timing: Pick<Timing, 'rateWindowMs'>;
    readonly limit: ConnectionLimit;
    readonly budget: ByteBudget;
  };

  /** @param connections those that read the segments */
  constructor(
    segments: Segments<SegmentConnection>,
    connections: ReadonlySet<SegmentConnection>,
    options: {
      readonly timing: Pick<Timing, 'rateWindowMs'>;
      readonly limit: ConnectionLimit;
      readonly budget: ByteBudget;
    },
  ) {
    this.#segments = segments;
    this.#connections = connections;
    this.#options = options;
  }

  /** Whether there is something to read for one more connection. */
  get hasWork(): boolean {
    const { last, unassignedBytes } = this.#segments;
    return unassignedBytes > 0 || (last !== undefined && this.#isDivisible(last));
  }

  /**
   * Assigns what another connection reads.
   *
   * @param options.isFirst there is no other connection
   * @returns undefined if there is nothing, or no memory for it
   */
  next({ isFirst }: { readonly isFirst: boolean }): Segment<SegmentConnection> | undefined {
    const { budget } = this.#options;
    const bytes = this.step();
    const { head, last } = this.#segments;
    if (this.#segments.unassignedBytes > 0) {
      // One connection alone reads on to the end: it makes no round trip for each segment.
      if (isFirst && head === undefined) return this.#segments.assign(this.#segments.unassignedBytes);
      const hasRoom = this.#segments.spanBytes + bytes <= mostSpanBytes && bytes <= budget.freeBytes;
      return hasRoom ? this.#segments.assign(bytes) : undefined;
    }
    if (last === undefined || !this.#isDivisible(last) || bytes > budget.freeBytes) return undefined;
    this.#segments.cutLast(last.received + bytes);
    return this.#segments.assign(bytes);
  }

  /** How many bytes the next segment has. */
  step(): number {
    const { limit, timing } = this.#options;
    const rate = usualRate(this.#connections) ?? limit.connectionBytesPerSecond ?? 0;
    const seconds = Math.max(secondsOf(segmentWindows, timing), (segmentRoundTrips * (limit.firstByteMs ?? 0)) / 1000);
    const most = Math.min(segmentBytes.most, mostSpanBytes / Math.max(2, limit.allowed));
    // At the end of the blob all connections finish together.
    const share = Math.ceil(this.#segments.unassignedBytes / Math.max(1, limit.allowed));
    const atEnd = share === 0 ? most : Math.max(segmentBytes.least, share);
    return Math.min(most, atEnd, Math.max(segmentBytes.least, Math.round(rate * seconds)));
  }

  /** One connection alone reads on to the end, and will for a while. */
  #isDivisible(last: Segment<SegmentConnection>): boolean {
    const [only, ...more] = last.connections;
    if (only === undefined || more.length > 0 || only.position < last.start) return false;
    const rest = last.end - last.received;
    const worthwhileBytes = (only.bytesPerSecond ?? 0) * secondsOf(worthwhileWindows, this.#options.timing);
    return rest >= leastRestBytes && rest >= worthwhileBytes && rest > 2 * this.step();
  }
}

/** The length of some windows of measurement. */
export function secondsOf(windows: number, { rateWindowMs }: Pick<Timing, 'rateWindowMs'>): number {
  return (windows * rateWindowMs) / 1000;
}

/** The median of what connections bring, in bytes per second; undefined before one was measured. */
export function usualRate(connections: Iterable<SegmentConnection>): number | undefined {
  const rates = [...connections].flatMap(({ bytesPerSecond }) => bytesPerSecond ?? []);
  return rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)];
}
