import { setTimeout as sleep } from 'node:timers/promises';

import type { TemporalClient } from '../client/connect.js';
import { fetchWait } from '../client/fetch-wait.js';
import { startFetch } from '../client/start-fetch.js';
import type { FetchResult } from '../contract/fetch-messages.js';
import { FerryError } from '../domain/ferry-error.js';
import { ExitStatus } from './exit-status.js';
import { exitStatusOfFetch, printFetchResult } from './fetch-summary.js';
import { watchFetch } from './fetch-progress.js';
import { say } from './output.js';

const lookEveryMs = 1_000;
/** A pause that is over so soon is waited for: the run then sees what was found. */
const shortPauseMs = 5_000;

interface FetchCheck {
  readonly upstream: string;
  /** Why it sleeps, as it was when it was seen to. */
  readonly reason: string;
  /** Set once it is over. */
  ended: Ended | undefined;
}

type Ended = { readonly result: FetchResult } | { readonly fault: unknown };

/**
 * Looks at upstreams one after the other, then makes a run. A look that sleeps, because GitHub is away or its rate limit
 * is spent, may do so for hours: the run is made all the same. What such a look finds before the run is over becomes a
 * part of it, since the look asks for a sync itself.
 *
 * @returns the exit status of all of it
 */
export async function syncAfterFetches(
  temporal: TemporalClient,
  upstreams: readonly string[],
  pass: () => Promise<number>,
  { json, signal }: { readonly json: boolean; readonly signal: AbortSignal },
): Promise<number> {
  const over = new AbortController();
  const watching = AbortSignal.any([signal, over.signal]);
  let status: number = ExitStatus.done;
  const asleep: FetchCheck[] = [];
  const tell = (upstream: string, ended: Ended): void => {
    status = Math.max(status, tellEnd(upstream, ended, { json, signal }));
  };
  try {
    for (const upstream of upstreams) {
      const check = await lookUntilAsleep(temporal, upstream, watching);
      if (check.ended === undefined) asleep.push(check);
      else tell(upstream, check.ended);
    }
    signal.throwIfAborted();
    status = Math.max(status, await pass());
    for (const { upstream, reason, ended } of asleep) {
      if (ended === undefined) {
        status = Math.max(status, ExitStatus.failed);
        say(
          `not done: ${upstream} was not looked at. ${reason}; Temporal keeps this look: it goes on at the next start`,
        );
      } else tell(upstream, ended);
    }
    return status;
  } finally {
    over.abort();
  }
}

async function lookUntilAsleep(temporal: TemporalClient, upstream: string, signal: AbortSignal): Promise<FetchCheck> {
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
    await Promise.race([ending, sleep(lookEveryMs, undefined, { signal, ref: false })]);
    const wait = check.ended === undefined ? await fetchWait(temporal, workflowId) : undefined;
    if (wait === undefined || wait.until - Date.now() <= shortPauseMs) continue;
    check.reason = wait.reason;
    break;
  }
  return check;
}

/** Everything that is asked for is tried, whatever becomes of the rest. @returns the exit status that follows */
function tellEnd(
  upstream: string,
  ended: Ended,
  { json, signal }: { readonly json: boolean; readonly signal: AbortSignal },
): number {
  if ('fault' in ended) {
    const { fault } = ended;
    if (!(fault instanceof FerryError) || signal.aborted) throw fault;
    say(`failed: ${upstream}: ${fault.message}`);
    return ExitStatus.failed;
  }
  const { result } = ended;
  // Standard output is the run's JSON alone.
  if (json) say(`${upstream} ${result.release ?? ''}: ${result.wanted.length} images wanted`);
  else printFetchResult(result);
  return exitStatusOfFetch(result);
}
