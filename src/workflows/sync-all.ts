import {
  CancellationScope,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';

import { MessageName } from '../contract/messages.js';
import type { SyncAllResult, SyncAllState, SyncProgress, SyncRequest } from '../contract/sync-messages.js';
import { SYNC_ALL_WORKFLOW_ID } from '../contract/workflow-names.js';
import { requests } from './activity-proxies.js';
import { SyncRunExecution } from './sync-run.js';
import { emptyResult } from './sync-result.js';
import { readFields, refused } from './typed-input.js';
import { showDetails } from './show-details.js';

const requestSync = defineSignal<[SyncRequest]>(MessageName.requestSync);
const progress = defineQuery<SyncProgress>(MessageName.progress);

const requestsRemembered = 500;

/**
 * Copies every pending image to every target, pass after pass until nobody asks for more, and ends. Triggers are
 * signals to the fixed ID `sync-all`: one that comes during a run makes it look again at once, one that comes during
 * its last step starts another run. Started under any other ID it passes the request on to that one.
 */
export async function SyncAll(input?: SyncAllState): Promise<SyncAllResult> {
  const state = readState(input);
  const waiting: SyncRequest[] = [...(state.requests ?? [])];
  const seen = new Set(state.seen);
  const newest = requestsOfOneTask();
  let result = state.result ?? emptyResult;
  let run: SyncRunExecution | undefined;

  // Handlers only record; they are set before the first await so that no signal comes too early.
  setHandler(requestSync, (request) => {
    const { id, reason } = readRequest(request);
    if (seen.has(id)) return;
    const begins = seen.size === 0;
    seen.add(id);
    const taken = { id, reason };
    waiting.push(taken);
    // The request that a run begins with comes before every cancellation of it.
    if (!begins) newest.add(taken);
  });
  setHandler(progress, () => run?.progress() ?? { phase: 'starting', queued: 0, inFlight: [], result });

  const { workflowId, runId } = workflowInfo();
  if (workflowId !== SYNC_ALL_WORKFLOW_ID) {
    await requests.requestSync({ id: runId, reason: `start of ${workflowId}` });
    return { ...emptyResult, forwardedTo: SYNC_ALL_WORKFLOW_ID };
  }

  // Started without a signal, by hand: that means one run.
  if (waiting.length === 0 && state.run === undefined && result.runs === 0) {
    waiting.push({ id: runId, reason: 'start' });
    seen.add(runId);
  }

  const { continueAfterEvents } = state;
  const handOver = (): SyncAllState => ({
    requests: waiting,
    seen: [...seen].slice(-requestsRemembered),
    ...(continueAfterEvents === undefined ? {} : { continueAfterEvents }),
  });
  let carried: SyncAllState | undefined = state.run === undefined ? undefined : state;
  try {
    while (carried !== undefined || waiting.length > 0) {
      run = new SyncRunExecution({ waiting, result, carried: carried ?? {}, continueAfterEvents });
      carried = undefined;
      const ended = await runToItsEnd(run);
      result = run.result;
      if (ended === 'continue-as-new') {
        await continueAsNew<typeof SyncAll>({ ...run.stateForNextRun(), ...handOver() });
      }
      await requestAnotherRun(result);
    }
  } catch (error) {
    // A request that came with the cancellation, or while the cancelled run waited for its transfers to end, gets a
    // workflow run of its own.
    waiting.unshift(...newest.withCancellation().filter((request) => !waiting.includes(request)));
    if (isCancellation(error) && waiting.length > 0) {
      await continueAsNew<typeof SyncAll>(handOver());
    }
    throw error;
  }
  // No await between the loop's test and this return: a signal that races it fails the task and is seen by the loop.
  showDetails(
    `Done: ${result.pushed} pushed, ${result.waiting} waiting, ${result.retrying} retrying, ${result.blocked} blocked`,
  );
  return result;
}

/**
 * Signals of a workflow task are handled before a cancellation that came before them in it: the run takes them for its
 * own, and is cancelled with them. Who asked in the task of the cancellation is therefore kept apart; whether before or
 * after it, nobody can tell any more. The length of the history tells one task from another, in a replay too.
 */
function requestsOfOneTask(): { add(request: SyncRequest): void; withCancellation(): readonly SyncRequest[] } {
  let task = 0;
  let requests: SyncRequest[] = [];
  let withCancellation: readonly SyncRequest[] = [];
  const now = (): number => workflowInfo().historyLength;
  CancellationScope.current().cancelRequested.catch(() => {
    if (task === now()) withCancellation = requests;
  });
  return {
    add(request) {
      if (task !== now()) requests = [];
      task = now();
      requests.push(request);
    },
    withCancellation: () => withCancellation,
  };
}

/** However a run ends, the database is told: it would stand there as running for ever. */
async function runToItsEnd(run: SyncRunExecution): ReturnType<SyncRunExecution['run']> {
  try {
    return await run.run();
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      if (isCancellation(error)) await run.closeCancelled();
      else await run.closeBroken(error);
    });
    throw error;
  }
}

/** What a source or target told to come back for is not waited for here: this run ends, and a later run begins then. */
async function requestAnotherRun({ againAt, waiting, retrying }: SyncAllResult): Promise<void> {
  if (againAt === undefined) return;
  await requests.requestSyncAt({ at: againAt, reason: `${waiting + retrying} images wait for a source or target` });
}

/** What a run hands to the next is not checked field by field: nobody types a run by hand. */
function readState(input: unknown): SyncAllState {
  const expected = 'SyncAll wants no input';
  const state = readFields(input, expected);
  const lists = ['requests', 'seen', 'runningElsewhere', 'dropped'].map((name) => state[name]);
  const objects = ['run', 'result'].map((name) => state[name]);
  const isState =
    lists.every((list) => list === undefined || Array.isArray(list)) &&
    objects.every((object) => object === undefined || (typeof object === 'object' && object !== null));
  if (!isState) throw refused(`${expected}, not ${JSON.stringify(input).slice(0, 200)}`);
  return state;
}

/** Signals can be typed by hand: `{}` or nothing still is a request, and none that was there before. */
function readRequest(request: unknown): SyncRequest {
  const given: { id?: unknown; reason?: unknown } = typeof request === 'object' && request !== null ? request : {};
  return {
    id: typeof given.id === 'string' ? given.id : `unnamed-${uuid4()}`,
    reason: typeof given.reason === 'string' ? given.reason : 'signal',
  };
}
