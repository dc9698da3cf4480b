import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';

import type { ScheduleSetting } from '../domain/schedule.js';
import type { TemporalClient } from './connect.js';
import { listOwnSchedules } from './own-schedules.js';
import { isAsWanted, scheduleOptions } from './schedule-options.js';

export type EnsuredAs = 'created' | 'corrected' | 'unchanged' | 'deleted';

export interface ScheduleView {
  readonly id: string;
  /** False: Temporal does not know it; `ferry schedules ensure` makes it. */
  readonly exists: boolean;
  readonly paused: boolean;
  /** Why it is paused, where somebody said so. */
  readonly note?: string;
  readonly last?: {
    /** UTC milliseconds. */
    readonly at: number;
    readonly workflowId: string;
    /** Temporal's word: RUNNING, COMPLETED, FAILED …; absent once it is forgotten. */
    readonly state?: string;
  };
  /** The next times, UTC milliseconds; empty when it is paused. */
  readonly next: readonly number[];
  readonly timesRun: number;
  /** Times that passed while the last run was not over, or the server was away for too long. */
  readonly timesSkipped: number;
}

/**
 * Makes the schedules be what they should be: creates, corrects, deletes those that are switched off and those of
 * upstreams that are no longer configured. Any number of processes may do so at once, and one that is paused stays
 * paused.
 */
export async function ensureSchedules(
  temporal: TemporalClient,
  settings: readonly ScheduleSetting[],
  off: readonly string[],
): Promise<{ readonly id: string; readonly outcome: EnsuredAs }[]> {
  const ensured: { id: string; outcome: EnsuredAs }[] = [];
  for (const setting of settings) ensured.push({ id: setting.id, outcome: await ensure(temporal, setting) });
  const wanted = new Set(settings.map(({ id }) => id));
  const left = (await listOwnSchedules(temporal)).filter((id) => !wanted.has(id));
  for (const id of new Set([...off, ...left])) {
    if (await deleteSchedule(temporal, id)) ensured.push({ id, outcome: 'deleted' });
  }
  return ensured;
}

async function ensure(temporal: TemporalClient, setting: ScheduleSetting): Promise<EnsuredAs> {
  const { client, soon } = temporal;
  const wanted = scheduleOptions(setting);
  const handle = client.schedule.getHandle(setting.id);
  const found = await describe(soon, handle);
  if (found === undefined) {
    try {
      await soon(async () => await client.schedule.create({ scheduleId: setting.id, ...wanted }));
      return 'created';
    } catch (error) {
      // Another process was quicker, perhaps, while a fleet is being renewed, with another configuration.
      if (error instanceof ScheduleAlreadyRunning) return await ensure(temporal, setting);
      throw error;
    }
  }
  if (isAsWanted(found, wanted)) return 'unchanged';
  await soon(async () => await handle.update(({ state }) => ({ ...wanted, state })));
  return 'corrected';
}

/** How each of these schedules stands. */
export async function showSchedules(temporal: TemporalClient, ids: readonly string[]): Promise<ScheduleView[]> {
  return await Promise.all(ids.map(async (id) => await show(temporal, id)));
}

async function show(temporal: TemporalClient, id: string): Promise<ScheduleView> {
  const found = await describe(temporal.soon, temporal.client.schedule.getHandle(id));
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
  { client, soon }: TemporalClient,
  at: number,
  workflowId: string,
): Promise<NonNullable<ScheduleView['last']>> {
  try {
    const { status } = await soon(async () => await client.workflow.getHandle(workflowId).describe());
    return { at, workflowId, state: status.name };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { at, workflowId };
  }
}

/** @returns whether there was one to pause */
export async function pauseSchedule(temporal: TemporalClient, id: string, note: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.pause(note));
}

/** @returns whether there was one to resume */
export async function resumeSchedule(temporal: TemporalClient, id: string, note: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.unpause(note));
}

/**
 * Does now what the schedule does, even if it is paused; after the run that is on its way, where there is one, so that
 * nothing is done twice at once and nothing is lost.
 *
 * @returns whether there was one to trigger
 */
export async function triggerSchedule(temporal: TemporalClient, id: string): Promise<boolean> {
  // The SDK's standard would run two at once.
  return await withSchedule(temporal, id, async (handle) => await handle.trigger(ScheduleOverlapPolicy.BUFFER_ONE));
}

/** @returns whether there was one to delete */
export async function deleteSchedule(temporal: TemporalClient, id: string): Promise<boolean> {
  return await withSchedule(temporal, id, async (handle) => await handle.delete());
}

async function withSchedule(
  { client, soon }: TemporalClient,
  id: string,
  work: (handle: ScheduleHandle) => Promise<void>,
): Promise<boolean> {
  try {
    await soon(async () => await work(client.schedule.getHandle(id)));
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

async function describe(
  soon: TemporalClient['soon'],
  handle: ScheduleHandle,
): Promise<ScheduleDescription | undefined> {
  try {
    return await soon(async () => await handle.describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
