import { setFlagsFromString } from 'node:v8';

/** V8's measure of how much a function has run; by default 132 KiB of it make a function worth optimizing. */
const BUDGET = 1_000_000;

/**
 * For commands that are over in a second or two: V8 spends a third of their processor time on optimizing functions that
 * are then hardly called any more. What does run for long is still optimized, a moment later.
 */
export function deferOptimization(): void {
  for (const flag of deferOptimizationFlags(process.versions.v8)) setFlagsFromString(flag);
}

/**
 * Node 20's V8 alone has that measure. Later ones count calls instead, and complain on standard error about a flag that
 * they do not know.
 */
export function deferOptimizationFlags(v8: string): readonly string[] {
  return v8.startsWith('11.') ? [`--interrupt-budget=${BUDGET}`] : [];
}
