import { continueAsNew, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault } from '../contract/activity-types.js';
import type { FetchResult } from '../contract/fetch.js';
import { FetchScope } from '../domain/upstream.js';
import { requests, upstreamLook, upstreamRecord } from './activity-proxies.js';
import { readFields, refused } from './typed-input.js';

/** Pauses while GitHub or a registry has trouble: from half a minute, each twice the last, to half an hour. */
const firstPauseMs = 30_000;
const longestPauseMs = 30 * 60_000;

/**
 * Looks at an upstream, records what is wanted, and asks for a sync once the rows are committed. What passes by itself
 * (a rate limit, an outage) is waited for here, however long it lasts: such a run never fails.
 */
export async function fetchFrom(upstream: string, input: unknown): Promise<FetchResult> {
  const scope = readScope(input);
  const { finding, fingerprint } = await untilFound(upstream, scope, input);
  const { wanted, pending } = await upstreamRecord.recordFinding({ upstream, finding, fingerprint });

  const { runId } = workflowInfo();
  const { release, previous, isNew, added, changed, removed, unchanged, services, skipped, notes } = finding;
  if (pending) await requests.requestSync({ id: runId, reason: `${upstream} ${release ?? ''}`.trim() });
  setCurrentDetails(
    isNew
      ? `${upstream} ${release ?? ''}: ${added.length} added, ${changed.length} changed, ${removed.length} removed`
      : `${upstream}: nothing new since ${release ?? 'the last look'}`,
  );
  return {
    upstream,
    ...(release === undefined ? {} : { release }),
    ...(previous === undefined ? {} : { previous }),
    isNew,
    added,
    changed,
    removed,
    unchanged,
    services,
    wanted,
    skipped,
    notes,
    syncRequested: pending,
  };
}

async function untilFound(upstream: string, scope: FetchScope | undefined, input: unknown) {
  for (let tries = 0; ; tries += 1) {
    const look = await upstreamLook.lookAtUpstream({ upstream, ...(scope === undefined ? {} : { scope }) });
    if (look.kind === 'found') return look;

    const pauseMs = pauseAfter(look.fault, tries);
    setCurrentDetails(`Waiting ${Math.ceil(pauseMs / 1000)} s: ${look.fault.reason}`);
    await sleep(pauseMs, { summary: look.fault.code });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew(input);
  }
}

/** A wait that the other side named is kept to. */
function pauseAfter({ retryAfterMs }: Fault, tries: number): number {
  return retryAfterMs ?? Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 10));
}

function readScope(input: unknown): FetchScope | undefined {
  const { scope } = readFields(input, 'expected nothing, or {"scope":"changed"}');
  if (scope === undefined) return undefined;
  const known = Object.values(FetchScope).find((candidate) => candidate === scope);
  if (known !== undefined) return known;
  throw refused(`scope is ${JSON.stringify(scope)}: expected {"scope":"changed"} or {"scope":"release"}`);
}
