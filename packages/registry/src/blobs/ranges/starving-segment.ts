import type { Timing } from '../../transport/timing.js';
import type { ConnectionLimit } from './connection-limit.js';
import type { SegmentConnection } from './segment-connection.js';
import { secondsOf, usualRate, worthwhileWindows } from './segment-plan.js';
import type { Segment } from './segments.js';

/** A segment that the delivery waits for starves below this part of the others' rate. */
const starvingShare = 0.25;

/**
 * Whether the connections of a segment that the delivery waits for bring nothing, or far less than others do.
 *
 * @param connections all of the read
 * @param options.headMs for how long the delivery has waited for it
 */
export function isStarving(
  { connections: mine, end, received }: Segment<SegmentConnection>,
  connections: ReadonlySet<SegmentConnection>,
  {
    timing,
    limit,
    headMs,
    now,
  }: {
    readonly timing: Pick<Timing, 'starvedMs' | 'rateWindowMs'>;
    readonly limit: Pick<ConnectionLimit, 'firstByteMs'>;
    readonly headMs: number;
    readonly now: number;
  },
): boolean {
  const [first, ...more] = mine;
  if (first === undefined) return false;
  const waitMs = Math.max(timing.starvedMs, 4 * (limit.firstByteMs ?? 0));
  if ([...mine].some(({ startedAt }) => now - startedAt < waitMs) || headMs < waitMs / 2) return false;
  if ([...mine].every(({ movedAt }) => now - movedAt >= waitMs)) return true;
  if (more.length > 0) return false;
  const usual = usualRate([...connections].filter((one) => !mine.has(one)));
  const rate = first.bytesPerSecond ?? 0;
  const isSlow = usual !== undefined && rate < starvingShare * usual;
  return isSlow && end - received > secondsOf(worthwhileWindows, timing) * rate;
}
