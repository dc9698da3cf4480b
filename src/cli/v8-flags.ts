import { setFlagsFromString } from 'node:v8';

/** V8's interrupt budget: how much a function has to run before it is optimized. V8's default is 132 KiB. */
const interruptBudget = 1_000_000;

/**
 * For commands that end after a second or two: V8 spends a third of their CPU time on optimizing functions that are
 * hardly called afterwards. With a larger budget, long-running functions are still optimized, only later.
 */
export function deferOptimization(): void {
  for (const flag of deferOptimizationFlags(process.versions.v8)) setFlagsFromString(flag);
}

/** Only Node 20's V8 has this flag. Later versions print a warning about a flag that they do not know. */
export function deferOptimizationFlags(v8: string): readonly string[] {
  return v8.startsWith('11.') ? [`--interrupt-budget=${interruptBudget}`] : [];
}
