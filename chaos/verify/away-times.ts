import type { PlayedFault } from '../play-faults.js';

/** After a fault the ferry needs some time to be connected again. */
const returnMs = 10_000;

/**
 * When a part could not be reached, or its disk was full.
 *
 * @param epoch the start of the time line, milliseconds since 1970
 */
export function awayTimes(
  played: readonly PlayedFault[],
  name: 'database',
  epoch: number,
): readonly (readonly [number, number])[] {
  return played.flatMap(({ fault, isDone, happenedAt }) => {
    const concerned = [
      'part' in fault ? fault.part : '',
      'line' in fault ? fault.line : '',
      'disk' in fault ? fault.disk : '',
    ];
    if (!isDone || !concerned.includes(name)) return [];
    const from = epoch + happenedAt;
    return [[from, from + ('forMs' in fault ? fault.forMs : 0) + returnMs] as const];
  });
}
