import { ApplicationFailure, continueAsNew, defineSignal, setHandler, sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault } from '../contract/activity-types.js';
import type { FaultDetail } from '../contract/failure-types.js';
import type { FetchedImage, FetchResult } from '../contract/fetch-messages.js';
import { MessageName } from '../contract/messages.js';
import { printDuration } from '../domain/duration.js';
import type { UpstreamFinding } from '../domain/upstream-finding.js';
import { FetchScope } from '../domain/upstream.js';
import { manyRows, requests, upstreamCheck } from './activity-proxies.js';
import { readFields, refuseUnknownFields, refused } from './typed-input.js';
import { showDetails } from './show-details.js';

/** Pauses while GitHub or a registry has trouble: from half a minute, each twice the last, to half an hour. */
const firstPauseMs = 30_000;
const longestPauseMs = 30 * 60_000;
/** Of waits that the other side names. */
const shortestNamedPauseMs = 1_000;
const longestNamedPauseMs = 6 * 60 * 60_000;

const isNews: ReadonlySet<FetchedImage['outcome']> = new Set(['added', 'renewed', 'refused']);

const lookAgain = defineSignal(MessageName.lookAgain);

/**
 * Looks at an upstream, records what is wanted, and asks for a sync once the rows are committed. What passes by itself
 * (a rate limit, an outage) is waited for here: such a run does not fail. A request that comes in meanwhile is answered
 * by another look, since this one may have read the listing already.
 */
export async function fetchFrom(upstream: string, input: unknown): Promise<FetchResult> {
  const scope = readScope(input);
  let isAskedAgain = false;
  setHandler(lookAgain, () => {
    isAskedAgain = true;
  });
  const { runId } = workflowInfo();
  let checks = 0;
  let found: FetchResult | undefined;
  do {
    isAskedAgain = false;
    checks += 1;
    // Each look's request for a sync is one of its own: SyncAll takes one with a known ID for a repetition.
    const request = checks === 1 ? runId : `${runId}/${checks}`;
    const check = await lookOnce(upstream, { scope, input, request });
    // Who waits wants to hear of what is new, though the last look finds it handled.
    found = found === undefined || check.isNew ? check : found;
  } while (isAskedAgain);
  return found;
}

interface CheckedUpstream {
  readonly scope: FetchScope | undefined;
  readonly input: unknown;
  /** ID of the request for a sync, should one be needed. */
  readonly request: string;
}

async function lookOnce(upstream: string, { scope, input, request }: CheckedUpstream): Promise<FetchResult> {
  const { finding, fingerprint } = await untilFound(upstream, scope, input);
  const { wanted, pending } = await manyRows.recordFinding({ upstream, finding, fingerprint });

  const { wanted: _found, etag: _etag, ...told } = excludeKnownImages(finding, wanted);
  const { release, isNew, added, changed, removed } = told;
  if (pending) await requests.requestSync({ id: request, reason: `${upstream} ${release ?? ''}`.trim() });
  showDetails(
    isNew
      ? `${upstream} ${release ?? ''}: ${added.length} added, ${changed.length} changed, ${removed.length} removed`
      : `${upstream}: nothing new since ${release ?? 'the last look'}`,
  );
  return { ...told, upstream, wanted, syncRequested: pending };
}

/**
 * Where there is no older release to compare with, as for tags of a registry, only what the database did not have is
 * reported as added.
 */
function excludeKnownImages(finding: UpstreamFinding, wanted: readonly FetchedImage[]): UpstreamFinding {
  if (finding.previous !== undefined) return finding;
  const news = new Set(wanted.filter(({ outcome }) => isNews.has(outcome)).map(({ image }) => image));
  const added = finding.added.filter(({ image }) => news.has(image));
  return { ...finding, added, unchanged: finding.unchanged + finding.added.length - added.length };
}

async function untilFound(upstream: string, scope: FetchScope | undefined, input: unknown) {
  for (let tries = 0; ; tries += 1) {
    const check = await upstreamCheck.checkUpstream({ upstream, ...(scope === undefined ? {} : { scope }) });
    if (check.kind === 'found') return check;

    const pauseMs = pauseAfter(upstream, check.fault, tries);
    showDetails(`Waiting ${printDuration(pauseMs)}: ${check.fault.reason}`);
    await sleep(pauseMs, { summary: check.fault.code });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew(input);
  }
}

/**
 * A wait that the other side named is kept to, within reason: "at once" would be asked again without end, and a wait of
 * days is not slept through by a run that nobody sees.
 */
function pauseAfter(upstream: string, { code, reason, retryAfterMs }: Fault, tries: number): number {
  if (retryAfterMs === undefined) return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 10));
  if (retryAfterMs <= longestNamedPauseMs) return Math.max(shortestNamedPauseMs, retryAfterMs);
  const detail: FaultDetail = { decision: 'block' };
  throw ApplicationFailure.create({
    type: code,
    nonRetryable: true,
    details: [detail],
    message: `${reason}; that is too long to wait for: the next look by schedule, or "ferry fetch ${upstream}", tries again`,
  });
}

function readScope(input: unknown): FetchScope | undefined {
  const expected = 'expected nothing, or {"scope":"changed"}';
  const { scope } = readFields(input, expected);
  refuseUnknownFields(input, ['name', 'scope'], expected);
  if (scope === undefined) return undefined;
  const known = Object.values(FetchScope).find((candidate) => candidate === scope);
  if (known !== undefined) return known;
  throw refused(`scope is ${JSON.stringify(scope)}: expected {"scope":"changed"} or {"scope":"release"}`);
}
