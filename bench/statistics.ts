import type { Entry, Run } from './scenario.js';

export const megabyte = 1_000_000;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of the runs that arrived; where none did, of those that failed. */
export function medianOf(entry: Entry, field: Exclude<keyof Run, 'failure'>): number | undefined {
  const runs = hasArrived(entry) ? entry.runs.filter(({ failure }) => failure === undefined) : entry.runs;
  const values = runs.map((run) => run[field]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** At least one run brought everything. */
export function hasArrived({ runs }: Entry): boolean {
  return runs.some(({ failure }) => failure === undefined);
}

/** Of all runs, bytes. */
export function peakOf({ runs }: Entry): number | undefined {
  const peaks = runs.map(({ peakBytes }) => peakBytes).filter((peak) => peak !== undefined);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}

/** The entry with the shortest median, of those that arrived. */
export function fastest(entries: readonly Entry[]): Entry | undefined {
  return entries.filter(hasArrived).sort((a, b) => (medianOf(a, 'wallMs') ?? 0) - (medianOf(b, 'wallMs') ?? 0))[0];
}

export function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
