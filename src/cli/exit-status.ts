import type { FaultCode } from '../domain/ferry-error.js';
import { FerryError } from '../domain/ferry-error.js';
import { sayLines } from './output.js';

export const ExitStatus = {
  done: 0,
  /** Something failed or was newly blocked. */
  failed: 1,
  /** Wrong use or configuration: nothing was started. */
  wrongUse: 2,
} as const;

const wrongUse: ReadonlySet<FaultCode> = new Set([
  'configuration',
  'invalid-reference',
  'invalid-platform',
  'target-name',
]);

export function exitStatusOf(error: unknown): number {
  return error instanceof FerryError && wrongUse.has(error.code) ? ExitStatus.wrongUse : ExitStatus.failed;
}

/** An expected fault is one message and no stack; anything else is a bug, and its stack is what helps. */
export function reportFault(error: unknown): void {
  const text = error instanceof FerryError ? error.message : described(error);
  sayLines(`ferry: ${text}`);
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
