import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow between two full garbage collections, in percent. V8 lets a small one grow several times. */
const percent = 40;

/**
 * Keeps the memory of this process near what it uses: garbage of many small images is otherwise collected so late that a
 * worker with 70 MB of objects needs 350 MB. Versions of V8 that are not known print a warning about unknown flags.
 */
export function limitHeapGrowth(): void {
  for (const flag of heapGrowthFlags(process.versions.v8)) setFlagsFromString(flag);
}

export function heapGrowthFlags(v8: string): readonly string[] {
  return /^1[1-3]\./.test(v8) ? [`--heap-growing-percent=${percent}`] : [];
}
