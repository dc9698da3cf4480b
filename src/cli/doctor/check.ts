/** What a look at one part of the set-up came to. */
export interface Finding {
  /** `database`, `target aliyun`, … */
  readonly part: string;
  readonly ok: boolean;
  /** It is as it should not be, and does not matter for what this machine is set up to do. */
  readonly warning?: true;
  /** What was found; of a fault, what to do about it. */
  readonly said: string;
}

export interface Check {
  readonly part: string;
  /** What was found. Throws what is wrong, {@link CheckWarning} where that does not matter here. */
  look(signal: AbortSignal): Promise<string>;
}

/** Something is wrong that nothing here depends on. */
export class CheckWarning extends Error {}

/** There was no answer in time. */
export class LateAnswer extends Error {}

const longestLookMs = 15_000;

/** Every check, side by side; none waits for another, none keeps another from being made. In the order given. */
export async function runChecks(checks: readonly Check[], longestMs = longestLookMs): Promise<Finding[]> {
  return await Promise.all(checks.map(async (check) => await runCheck(check, longestMs)));
}

async function runCheck({ part, look }: Check, longestMs: number): Promise<Finding> {
  try {
    return { part, ok: true, said: await inTime(look, longestMs) };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return error instanceof CheckWarning ? { part, ok: true, warning: true, said } : { part, ok: false, said };
  }
}

/**
 * Work that has so long. What does not know the signal goes on behind; the command ends without it.
 *
 * @throws LateAnswer
 */
export async function inTime<T>(work: (signal: AbortSignal) => Promise<T>, longestMs = longestLookMs): Promise<T> {
  const signal = AbortSignal.timeout(longestMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new LateAnswer(`it gave no answer in ${longestMs / 1000} s`)));
  });
  const working = work(signal);
  working.catch(() => undefined);
  return await Promise.race([working, late]);
}
