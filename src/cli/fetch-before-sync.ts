import { setTimeout as sleep } from 'node:timers/promises';

import type { TemporalClient } from '../client/connect.js';
import { fetchWait } from '../client/fetch-wait.js';
import { startFetch } from '../client/start-fetch.js';
import type { FetchResult } from '../contract/fetch-messages.js';
import { FerryError } from '../domain/ferry-error.js';
import { ExitStatus } from './exit-status.js';
import { watchFetch } from './fetch-progress.js';
import { exitStatusOfFetch, printFetchResult } from './fetch-summary.js';
import { printMessage } from './output.js';

const pollIntervalMs = 1_000;
/** The run waits for a pause as short as this, so that it includes what the check finds. */
const shortPauseMs = 5_000;

interface FetchCheck {
  readonly upstream: string;
  /** Why it is waiting, as last reported. */
  readonly reason: string;
  /** Set once it has ended. */
  ended: Ended | undefined;
}

type Ended = { readonly result: FetchResult } | { readonly fault: unknown };

/**
 * Checks upstreams one after the other, then starts a sync run. A check that waits for GitHub or its rate limit may
 * take hours, so the run starts without it. If such a check ends during the run, its images become part of it, since
 * the check requests a sync itself.
 *
 * @returns the combined exit status
 */
export async function syncAfterFetches(
  temporal: TemporalClient,
  upstreams: readonly string[],
  startRun: () => Promise<number>,
  { json, signal }: { readonly json: boolean; readonly signal: AbortSignal },
): Promise<number> {
  const over = new AbortController();
  const watching = AbortSignal.any([signal, over.signal]);
  let status: number = ExitStatus.done;
  const waiting: FetchCheck[] = [];
  const report = (upstream: string, ended: Ended): void => {
    status = Math.max(status, reportEnd(upstream, ended, { json, signal }));
  };
  try {
    for (const upstream of upstreams) {
      const check = await checkUntilWaiting(temporal, upstream, watching);
      if (check.ended === undefined) waiting.push(check);
      else report(upstream, check.ended);
    }
    signal.throwIfAborted();
    status = Math.max(status, await startRun());
    for (const { upstream, reason, ended } of waiting) {
      if (ended === undefined) {
        status = Math.max(status, ExitStatus.failed);
        printMessage(
          `not done: the check of ${upstream} is still waiting. ${reason}; Temporal keeps it, and it continues at the next start`,
        );
      } else report(upstream, ended);
    }
    return status;
  } finally {
    over.abort();
  }
}

async function checkUntilWaiting(temporal: TemporalClient, upstream: string, signal: AbortSignal): Promise<FetchCheck> {
  const check: { -readonly [Key in keyof FetchCheck]: FetchCheck[Key] } = { upstream, reason: '', ended: undefined };
  let workflowId: string;
  let ending: Promise<unknown>;
  try {
    const run = await startFetch(temporal, upstream);
    workflowId = run.workflowId;
    ending = watchFetch(temporal, upstream, run, signal).then(
      (result) => (check.ended = { result }),
      (fault: unknown) => (check.ended = { fault }),
    );
  } catch (fault) {
    check.ended = { fault };
    return check;
  }
  while (check.ended === undefined) {
    await Promise.race([ending, sleep(pollIntervalMs, undefined, { signal, ref: false })]);
    const wait = check.ended === undefined ? await fetchWait(temporal, workflowId) : undefined;
    if (wait === undefined || wait.until - Date.now() <= shortPauseMs) continue;
    check.reason = wait.reason;
    break;
  }
  return check;
}

/** Reports one check; every upstream is tried even if another fails. @returns the resulting exit status */
function reportEnd(
  upstream: string,
  ended: Ended,
  { json, signal }: { readonly json: boolean; readonly signal: AbortSignal },
): number {
  if ('fault' in ended) {
    const { fault } = ended;
    if (!(fault instanceof FerryError) || signal.aborted) throw fault;
    printMessage(`failed: ${upstream}: ${fault.message}`);
    return ExitStatus.failed;
  }
  const { result } = ended;
  // With --json, standard output holds the JSON of the sync run alone.
  if (json) printMessage(`${upstream} ${result.release ?? ''}: ${result.wanted.length} images wanted`);
  else printFetchResult(result);
  return exitStatusOfFetch(result);
}
