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
import { emptyResult } from '../contract/sync-result.js';
import { syncAllWorkflowId } from '../contract/workflow-names.js';
import { printRunCause } from '../domain/run-cause.js';
import { requests } from './activity-proxies.js';
import { showDetails } from './show-details.js';
import { SyncRunExecution } from './sync-run.js';
import { readFields, refused } from './typed-input.js';

const requestSync = defineSignal<[SyncRequest]>(MessageName.requestSync);
const progress = defineQuery<SyncProgress>(MessageName.progress);

const requestsRemembered = 500;

/**
 * SyncAll copies every pending image to every target, in sync runs until there are no more requests. Triggers are signals
 * to the fixed ID `sync-all`: one that arrives during a run makes it query again, one that arrives during the last step
 * starts another run. A workflow with any other ID forwards the request to that one.
 */
export async function SyncAll(input?: SyncAllState): Promise<SyncAllResult> {
  const state = readState(input);
  const waiting: SyncRequest[] = [...(state.requests ?? [])];
  const seen = new Set(state.seen);
  const newest = requestsOfOneTask();
  let result = state.result ?? emptyResult;
  let run: SyncRunExecution | undefined;

  // Handlers only record. They are set before the first await, so that no signal is lost.
  setHandler(requestSync, (request) => {
    const { id, reason } = readRequest(request);
    if (seen.has(id)) return;
    const begins = seen.size === 0;
    seen.add(id);
    const taken = { id, reason };
    waiting.push(taken);
    // The request that starts a run precedes every cancellation of it.
    if (!begins) newest.add(taken);
  });
  setHandler(progress, () => run?.progress() ?? { phase: 'starting', queued: 0, inFlight: [], single: [], result });

  const { workflowId, runId } = workflowInfo();
  if (workflowId !== syncAllWorkflowId) {
    await requests.requestSync({ id: runId, reason: printRunCause('start', { workflow: workflowId }) });
    return { ...emptyResult, forwardedTo: syncAllWorkflowId };
  }

  // Started by hand without a signal: one run.
  if (waiting.length === 0 && state.run === undefined && result.runs === 0) {
    waiting.push({ id: runId, reason: printRunCause('start') });
    seen.add(runId);
  }

  const { continueAfterEvents } = state;
  const handOver = (): SyncAllState => ({
    requests: waiting,
    seen: [...seen].slice(-requestsRemembered),
    continueAfterEvents,
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
    // A request that arrived with the cancellation, or while the cancelled run waited for its transfers to end, gets a
    // workflow run of its own.
    waiting.unshift(...newest.withCancellation().filter((request) => !waiting.includes(request)));
    if (isCancellation(error) && waiting.length > 0) {
      await continueAsNew<typeof SyncAll>(handOver());
    }
    throw error;
  }
  // No await between the loop condition and this return: a racing signal fails the task, and the loop then handles it.
  showDetails(
    `Done: ${result.pushed} pushed, ${result.waiting} waiting, ${result.retrying} retrying, ${result.blocked} blocked`,
  );
  return result;
}

/**
 * In one workflow task, signals are handled before a cancellation that preceded them: the run would accept the requests
 * and be cancelled with them. Requests of the cancellation's task are therefore kept separately, since their order is not
 * known. The length of the history distinguishes tasks, also in a replay.
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

/** Records the end of a run in the database in all cases. Otherwise it would be shown as running forever. */
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

/** Requests a later run for sources or targets that announced a wait, instead of waiting in this run. */
async function requestAnotherRun({ againAt, waiting, retrying }: SyncAllResult): Promise<void> {
  if (againAt === undefined) return;
  await requests.requestSyncAt({
    at: againAt,
    reason: printRunCause('tried-again', { images: String(waiting + retrying) }),
  });
}

/** The state from the previous run is not checked field by field: it is never typed by hand. */
function readState(input: unknown): SyncAllState {
  const expected = 'SyncAll expects no input';
  const state = readFields(input, expected);
  const lists = ['requests', 'seen', 'runningElsewhere', 'dropped'].map((name) => state[name]);
  const objects = ['run', 'result'].map((name) => state[name]);
  const isState =
    lists.every((list) => list === undefined || Array.isArray(list)) &&
    objects.every((object) => object === undefined || (typeof object === 'object' && object !== null));
  if (!isState) throw refused(`${expected}, not ${JSON.stringify(input).slice(0, 200)}`);
  return state;
}

/** Signals can be typed by hand: `{}` or nothing is still a request, with a new ID. */
function readRequest(request: unknown): SyncRequest {
  const given: { id?: unknown; reason?: unknown } = typeof request === 'object' && request !== null ? request : {};
  return {
    id: typeof given.id === 'string' ? given.id : `unnamed-${uuid4()}`,
    reason: typeof given.reason === 'string' ? given.reason : 'signal',
  };
}
