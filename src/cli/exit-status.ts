import { FerryError } from '../domain/ferry-error.js';
import type { FaultCode } from '../domain/ferry-error.js';
import { printMessageLines } from './output.js';

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

/** An expected error is one message without a stack. Anything else is a bug, and is printed with its stack. */
export function reportFault(error: unknown): void {
  const text = error instanceof FerryError ? error.message : described(error);
  printMessageLines(`ferry: ${text}`);
}

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
