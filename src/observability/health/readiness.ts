import { errorMessage } from '../../domain/error-message.js';
import { inTime } from '../in-time.js';

/** One thing that a process needs. Rejects with the reason when it is not there. */
export interface ReadinessCheck {
  /** In the answer: `temporal`, `database`. */
  readonly name: string;
  readonly check: () => Promise<void>;
}

export interface Readiness {
  readonly isReady: boolean;
  /** `ok`, or why not, by name. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Probes time out after a second or a few. */
const checkWithinMs = 3_000;

/** Runs all checks at the same time; one that does not answer counts as failed. */
export async function checkReadiness(
  checks: readonly ReadinessCheck[],
  withinMs: number = checkWithinMs,
): Promise<Readiness> {
  const entries = await Promise.all(
    checks.map(async ({ name, check }): Promise<[string, string]> => {
      try {
        await inTime(check(), withinMs, 'no answer');
        return [name, 'ok'];
      } catch (error) {
        return [name, errorMessage(error)];
      }
    }),
  );
  return { isReady: entries.every(([, answer]) => answer === 'ok'), checks: Object.fromEntries(entries) };
}
