import { randomNumbers } from '../random-numbers.js';
import type { Direction, LineConditions, ResetRule } from './line.js';

export interface Fault {
  readonly kind: 'reset' | 'stall';
  /** What may still be forwarded before it. */
  readonly afterBytes: number;
}

/** Where the rules of a line break its connections. */
export interface Faults {
  /** The next fault of a connection that has forwarded this number of bytes in a direction. */
  next(direction: Direction, forwarded: number): Fault | undefined;
  /** Counts bytes of all connections, for resets at random. */
  count(direction: Direction, bytes: number): void;
  /** Counts a fault that happened. */
  happened(kind: Fault['kind'], direction: Direction): void;
}

export function faultsOf({ reset, stall }: Pick<LineConditions, 'reset' | 'stall'>): Faults {
  let resetsLeft = reset?.times ?? Infinity;
  let stallsLeft = stall?.times ?? Infinity;
  const distances = reset === undefined || !('random' in reset) ? undefined : randomDistances(reset);

  const nextReset = (direction: Direction, forwarded: number): number | undefined => {
    if (reset === undefined || resetsLeft === 0) return undefined;
    if (distances !== undefined) return distances[direction]?.left();
    return 'random' in reset || reset.direction !== direction ? undefined : Math.max(0, reset.afterBytes - forwarded);
  };
  const nextStall = (direction: Direction, forwarded: number): number | undefined =>
    stall === undefined || stallsLeft === 0 || stall.direction !== direction || forwarded > stall.afterBytes
      ? undefined
      : stall.afterBytes - forwarded;
  return {
    next(direction, forwarded) {
      const [toReset, toStall] = [nextReset(direction, forwarded), nextStall(direction, forwarded)];
      if (toReset === undefined && toStall === undefined) return undefined;
      return (toStall ?? Infinity) < (toReset ?? Infinity)
        ? { kind: 'stall', afterBytes: toStall ?? 0 }
        : { kind: 'reset', afterBytes: toReset ?? 0 };
    },
    count: (direction, bytes) => distances?.[direction]?.pass(bytes),
    happened(kind, direction) {
      if (kind === 'stall') stallsLeft -= 1;
      else resetsLeft -= 1;
      if (kind === 'reset') distances?.[direction]?.draw();
    },
  };
}

interface Distance {
  left(): number;
  pass(bytes: number): void;
  draw(): void;
}

function randomDistances({
  random,
  direction,
}: Extract<ResetRule, { random: unknown }>): Partial<Record<Direction, Distance>> {
  const distance = (seed: number): Distance => {
    const next = randomNumbers(seed);
    // Exponential: how far the next reset is does not depend on how far the last one was.
    const draw = (): number => Math.ceil(-Math.log(1 - next()) * random.meanBytes);
    let left = draw();
    return {
      left: () => left,
      pass: (bytes) => {
        left = Math.max(0, left - bytes);
      },
      draw: () => {
        left = draw();
      },
    };
  };
  return {
    ...(direction === 'down' ? {} : { up: distance(random.seed) }),
    ...(direction === 'up' ? {} : { down: distance(random.seed + 1) }),
  };
}
