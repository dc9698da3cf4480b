import { ScheduleNotFoundError, ScheduleOverlapPolicy, WorkflowNotFoundError } from '@temporalio/client';
import type { ScheduleHandle } from '@temporalio/client';

import type { TemporalClient } from './connect.js';
import { describe } from './managed-schedules.js';

export interface ScheduleView {
  readonly id: string;
  /** False: the schedule does not exist in Temporal; `ferry schedules ensure` creates it. */
  readonly exists: boolean;
  readonly paused: boolean;
  /** The note that was given when it was paused. */
  readonly note?: string | undefined;
  readonly last?: {
    /** UTC milliseconds. */
    readonly at: number;
    readonly workflowId: string;
    /** Temporal's status: RUNNING, COMPLETED, FAILED …; absent after Temporal has deleted the run. */
    readonly state?: string;
  };
  /** The next times in UTC milliseconds; empty while it is paused. */
  readonly next: readonly number[];
  readonly timesRun: number;
  /** Times that passed while the last run was still running, or while the server was away for too long. */
  readonly timesSkipped: number;
}

/** Returns the state of each of these schedules. */
export async function showSchedules(temporal: TemporalClient, ids: readonly string[]): Promise<ScheduleView[]> {
  return await Promise.all(ids.map(async (id) => await show(temporal, id)));
}

async function show(temporal: TemporalClient, id: string): Promise<ScheduleView> {
  const found = await describe(temporal, id);
  if (found === undefined) return { id, exists: false, paused: false, next: [], timesRun: 0, timesSkipped: 0 };
  const { state, info } = found;
  const last = info.recentActions.at(-1);
  return {
    id,
    exists: true,
    paused: state.paused,
    ...(state.paused && state.note !== undefined && state.note !== '' ? { note: state.note } : {}),
    ...(last === undefined
      ? {}
      : { last: await lastRun(temporal, last.takenAt.getTime(), last.action.workflow.workflowId) }),
    next: state.paused ? [] : info.nextActionTimes.map((time) => time.getTime()),
    timesRun: info.numActionsTaken,
    timesSkipped: info.numActionsSkippedOverlap + info.numActionsMissedCatchupWindow,
  };
}

async function lastRun(
  { client, withDeadline }: TemporalClient,
  at: number,
  workflowId: string,
): Promise<NonNullable<ScheduleView['last']>> {
  try {
    const { status } = await withDeadline(async () => await client.workflow.getHandle(workflowId).describe());
    return { at, workflowId, state: status.name };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { at, workflowId };
  }
}

/** @returns whether the schedule exists */
export async function pauseSchedule(temporal: TemporalClient, id: string, note: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.pause(note));
}

/** @returns whether the schedule exists */
export async function resumeSchedule(temporal: TemporalClient, id: string, note: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.unpause(note));
}

/**
 * Runs the schedule's action now, even if it is paused. If a run is in progress, the action follows it, so that nothing
 * runs twice at once and no request is lost.
 *
 * @returns whether the schedule exists
 */
export async function triggerSchedule(temporal: TemporalClient, id: string): Promise<boolean> {
  // The SDK's default policy would run two at once.
  return await withSchedule(temporal, id, async (handle) => await handle.trigger(ScheduleOverlapPolicy.BUFFER_ONE));
}

/** @returns whether the schedule existed */
export async function deleteSchedule(temporal: TemporalClient, id: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.delete());
}

async function withSchedule(
  { client, withDeadline }: TemporalClient,
  id: string,
  work: (handle: ScheduleHandle) => Promise<void>,
): Promise<boolean> {
  try {
    await withDeadline(async () => await work(client.schedule.getHandle(id)));
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
