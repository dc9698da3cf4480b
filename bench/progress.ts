import { reasonOf } from './failure.js';
import type { Measurement } from './measure.js';

const startedAt = performance.now();

/** Minutes and seconds since the bench began. */
function sinceStart(): string {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

/** What is begun now, on standard error: the results alone are on standard output. */
export function sayBegun(what: string): void {
  console.error(`[${sinceStart()}] ${what}`);
}

/** One run of one contestant. @param attempt counted from 0 */
export function sayRun(
  name: string,
  attempt: number,
  { wallMs, failure }: Pick<Measurement, 'wallMs' | 'failure'>,
): void {
  const how = failure === undefined ? '' : `, failed: ${reasonOf(failure)}`;
  console.error(`[${sinceStart()}]   ${name}, run ${attempt + 1}: ${(wallMs / 1000).toFixed(2)} s${how}`);
}
