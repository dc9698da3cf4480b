import { errorMessage } from '../../domain/error-message.js';
import { inTime } from '../in-time.js';

/** One thing that a process needs. Rejects with the reason when it is not there. */
export interface ReadinessCheck {
  /** In the answer: `temporal`, `database`. */
  readonly name: string;
  /** What the answer says when it is not there: anybody can read it, so that it names no address and no user. */
  readonly otherwise: string;
  readonly check: () => Promise<void>;
}

export interface Readiness {
  readonly isReady: boolean;
  /** `ok`, or what is not there, by name. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Probes time out after a second or a few. */
const checkWithinMs = 3_000;

/**
 * Runs all checks at the same time; one that does not answer counts as failed.
 *
 * @param report gets the reason of each failed check, for the log
 */
export async function checkReadiness(
  checks: readonly ReadinessCheck[],
  report: (name: string, reason: string) => void,
  withinMs: number = checkWithinMs,
): Promise<Readiness> {
  const entries = await Promise.all(
    checks.map(async ({ name, otherwise, check }): Promise<[string, string]> => {
      try {
        await inTime(check(), withinMs, 'no answer');
        return [name, 'ok'];
      } catch (error) {
        report(name, errorMessage(error));
        return [name, otherwise];
      }
    }),
  );
  return { isReady: entries.every(([, answer]) => answer === 'ok'), checks: Object.fromEntries(entries) };
}
