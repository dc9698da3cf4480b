import { errorMessage } from '../domain/error-message.js';
import { FerryError } from '../domain/ferry-error.js';

/** The result of checking one part of the set-up. */
export interface Finding {
  /** `database`, `target aliyun`, … */
  readonly part: string;
  readonly ok: boolean;
  /** Something is wrong, but this machine does not depend on it. */
  readonly warning?: true;
  /** What was found; for an error, also what to do about it. */
  readonly message: string;
  /** The same for programs: of what was found, or the code of the fault. Absent: only the text says it. */
  readonly code?: string | undefined;
  /** Values in the message, by name. */
  readonly facts?: Readonly<Record<string, string>> | undefined;
}

/** What was found, for people and for programs. */
export interface Found extends Pick<Finding, 'message' | 'facts'> {
  readonly code: string;
}

export interface Check {
  readonly part: string;
  /**
   * Returns what was found. Throws if something is wrong, {@link CheckWarning} if this machine does not depend on it.
   */
  run(signal: AbortSignal): Promise<string | Found>;
}

/** Something is wrong that this machine does not depend on. */
export class CheckWarning extends Error {
  readonly found: Found | undefined;

  constructor(message: string, found?: Found) {
    super(message);
    this.found = found;
  }
}

/** The check did not answer in time. */
export class CheckTimeout extends Error {}

const defaultTimeoutMs = 15_000;

/** Runs all checks in parallel, independently of each other. Returns the findings in the given order. */
export async function runChecks(checks: readonly Check[], timeoutMs = defaultTimeoutMs): Promise<Finding[]> {
  return await Promise.all(checks.map(async (check) => await runCheck(check, timeoutMs)));
}

async function runCheck({ part, run }: Check, timeoutMs: number): Promise<Finding> {
  try {
    const found = await withTimeout(run, timeoutMs);
    return { part, ok: true, ...(typeof found === 'string' ? { message: found } : found) };
  } catch (error) {
    const message = errorMessage(error);
    if (error instanceof CheckWarning) return { part, ok: true, warning: true, ...error.found, message };
    return { part, ok: false, message, ...codeOf(error) };
  }
}

function codeOf(error: unknown): { readonly code?: string } {
  if (error instanceof CheckTimeout) return { code: 'unreachable' };
  return error instanceof FerryError ? { code: error.code } : {};
}

/**
 * Runs work with a timeout. Work that ignores the signal continues in the background; the command ends without it.
 *
 * @throws CheckTimeout
 */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  timeoutMs = defaultTimeoutMs,
): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  const timeout = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CheckTimeout(`no response within ${timeoutMs / 1000} s`)));
  });
  const working = work(signal);
  working.catch(() => undefined);
  return await Promise.race([working, timeout]);
}
