/** What a look at one part of the set-up came to. */
export interface Finding {
  /** `database`, `target aliyun`, … */
  readonly part: string;
  readonly ok: boolean;
  /** What was found; of a fault, what to do about it. */
  readonly said: string;
}

export interface Check {
  readonly part: string;
  /** What was found. Throws what is wrong. */
  look(signal: AbortSignal): Promise<string>;
}

const longestLookMs = 15_000;

/** Every check, side by side; none waits for another, none keeps another from being made. In the order given. */
export async function runChecks(checks: readonly Check[], longestMs = longestLookMs): Promise<Finding[]> {
  return await Promise.all(checks.map(async (check) => await runCheck(check, longestMs)));
}

async function runCheck({ part, look }: Check, longestMs: number): Promise<Finding> {
  const signal = AbortSignal.timeout(longestMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`it gave no answer in ${longestMs / 1000} s`)));
  });
  // Work that does not know the signal goes on behind; the command ends without it.
  const work = look(signal);
  work.catch(() => undefined);
  try {
    return { part, ok: true, said: await Promise.race([work, late]) };
  } catch (error) {
    return { part, ok: false, said: error instanceof Error ? error.message : String(error) };
  }
}
