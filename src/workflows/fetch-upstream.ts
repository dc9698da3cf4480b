import { ApplicationFailure, continueAsNew, defineSignal, setHandler, sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault } from '../contract/activity-types.js';
import type { FaultDetail } from '../contract/failure-types.js';
import type { FetchInput, FetchResult, FetchUpstreamInput, UpstreamCheckIdentity } from '../contract/fetch-messages.js';
import { MessageName } from '../contract/messages.js';
import { reportedFinding } from '../contract/reported-finding.js';
import { longestNamedPauseMs, tooLongReason } from '../contract/upstream-pauses.js';
import { builtInUpstreamOf } from '../contract/workflow-names.js';
import { printDuration } from '../domain/duration.js';
import { FetchScope } from '../domain/upstream.js';
import { manyRows, requests, upstreamCheck } from './activity-proxies.js';
import { showDetails } from './show-details.js';
import { readFields, refuseUnknownFields, refused } from './typed-input.js';

/** Pauses while GitHub or a registry has trouble: from half a minute, each twice the last, to half an hour. */
const firstPauseMs = 30_000;
const longestPauseMs = 30 * 60_000;
const shortestNamedPauseMs = 1_000;

const checkAgain = defineSignal(MessageName.checkAgain);

/** Adds what is new at an upstream of the configuration to the wanted images, and requests a sync. */
export async function FetchUpstream(input: FetchUpstreamInput): Promise<FetchResult> {
  assertInput(input);
  return await fetchFrom(input.name, input);
}

/** `FetchUpstream` for the built-in upstream `dify`. */
export async function FetchDify(input: FetchInput = {}): Promise<FetchResult> {
  return await fetchFrom('dify', input);
}

/** `FetchUpstream` for the built-in upstream `xinference`. */
export async function FetchXinference(input: FetchInput = {}): Promise<FetchResult> {
  return await fetchFrom('xinference', input);
}

/**
 * Runs every workflow type that no function is exported for: those of the other entries in the table of built-in
 * upstreams. An unknown type fails its workflow task, so that a worker of a later version can run it.
 */
export async function FetchBuiltInUpstream(input: FetchInput = {}): Promise<FetchResult> {
  const { workflowType } = workflowInfo();
  const upstream = builtInUpstreamOf(workflowType);
  if (upstream === undefined) throw new TypeError(`this worker has no workflow type ${workflowType}`);
  return await fetchFrom(upstream, input);
}

function assertInput(input: unknown): asserts input is FetchUpstreamInput {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  if (typeof name === 'string' && name !== '') return;
  throw refused('FetchUpstream expects {"name": "my-upstream"}: the name of an upstream in the configuration');
}

/**
 * Checks an upstream, records the wanted images, and requests a sync once the rows are committed. A temporary fault (a rate
 * limit, an outage) does not fail the run: it waits and tries again. A request that arrives meanwhile is answered by another
 * check, since the current one may have read the listing already.
 */
async function fetchFrom(upstream: string, input: unknown): Promise<FetchResult> {
  const scope = readScope(input);
  let isRequestedAgain = false;
  setHandler(checkAgain, () => {
    isRequestedAgain = true;
  });
  const { runId } = workflowInfo();
  let checks = 0;
  let found: FetchResult | undefined;
  do {
    isRequestedAgain = false;
    checks += 1;
    // Each check has a sync request of its own: SyncAll ignores a request whose ID it knows.
    const request = checks === 1 ? runId : `${runId}/${checks}`;
    const result = await checkOnce(upstream, { scope, input, request });
    // The caller needs what is new, though the last check finds it handled.
    found = found === undefined || result.isNew ? result : found;
  } while (isRequestedAgain);
  return found;
}

interface CheckInput {
  readonly scope: FetchScope | undefined;
  readonly input: unknown;
  /** ID of the sync request, should one be needed. */
  readonly request: string;
}

async function checkOnce(upstream: string, { scope, input, request }: CheckInput): Promise<FetchResult> {
  const { workflowId, runId } = workflowInfo();
  const check = { id: request, workflowId, runId, startedAt: Date.now() };
  const { finding, fingerprint } = await untilFound(upstream, { scope, input, check });
  const { wanted, pending } = await manyRows.recordFinding({ upstream, finding, fingerprint, check });

  const reported = reportedFinding(finding, wanted);
  const { release, isNew, added, changed, removed } = reported;
  if (pending) await requests.requestSync({ id: request, reason: `${upstream} ${release ?? ''}`.trim() });
  showDetails(
    isNew
      ? `${upstream} ${release ?? ''}: ${added.length} added, ${changed.length} changed, ${removed.length} removed`
      : `${upstream}: nothing new since ${release ?? 'the last check'}`,
  );
  return { ...reported, upstream, syncRequested: pending };
}

async function untilFound(
  upstream: string,
  { scope, input, check }: Pick<CheckInput, 'scope' | 'input'> & { readonly check: UpstreamCheckIdentity },
) {
  for (let tries = 0; ; tries += 1) {
    const checked = await upstreamCheck.checkUpstream({ upstream, scope, check });
    if (checked.kind === 'found') return checked;

    const pauseMs = pauseAfter(upstream, checked.fault, tries);
    showDetails(`Waiting ${printDuration(pauseMs)}: ${checked.fault.reason}`);
    await sleep(pauseMs, { summary: checked.fault.code });
    if (workflowInfo().continueAsNewSuggested) await continueAsNew(input);
  }
}

/** Keeps to a wait that the other side named, within limits: a wait of 0 would be a loop of requests. */
function pauseAfter(upstream: string, { code, reason, retryAfterMs }: Fault, tries: number): number {
  if (retryAfterMs === undefined) return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 10));
  if (retryAfterMs <= longestNamedPauseMs) return Math.max(shortestNamedPauseMs, retryAfterMs);
  const detail: FaultDetail = { decision: 'block' };
  throw ApplicationFailure.create({
    type: code,
    nonRetryable: true,
    details: [detail],
    message: tooLongReason(upstream, reason),
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
