import type { Entry } from '../scenario.js';
import type { Account } from './account.js';

/** The account as a contestant's only run: its memory is the worker's, its CPU time that of all but the registries. */
export function entryOf(name: string, { wallMs, cpuMs, peakBytes }: Account): Entry {
  return { name, runs: [{ wallMs, cpuMs: cpuMs.temporal + cpuMs.workers + cpuMs.database, peakBytes }] };
}
