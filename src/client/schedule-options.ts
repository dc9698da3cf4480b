import { ScheduleOverlapPolicy } from '@temporalio/client';
import type {
  CalendarSpecDescription,
  ScheduleDescription,
  ScheduleOptions,
  ScheduleOptionsStartWorkflowAction,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';

import { TaskQueue } from '../contract/task-queues.js';
import { workflowTaskTimeout, WorkflowName } from '../contract/workflow-names.js';
import { parseCron } from '../domain/cron.js';
import type { CronRange } from '../domain/cron.js';
import { printDuration } from '../domain/duration.js';
import { printRunCause } from '../domain/run-cause.js';
import type { ScheduleSetting, ScheduleTiming } from '../domain/schedule-timing.js';
import { fetchWorkflow } from './start-fetch.js';

type Action = ScheduleOptionsStartWorkflowAction<Workflow>;
export type WantedSchedule = Required<Pick<ScheduleOptions<Action>, 'spec' | 'action' | 'policies'>>;

/** A server that was down for less than this still runs the missed action, once. */
const syncCatchUp = '1h';
const fetchCatchUp = '12h';
const madeByKey = 'ferryConfiguration';
const maxJitterMs = 5 * 60_000;

/**
 * Returns what Temporal stores for a schedule. Its action takes seconds or checks one upstream, and is skipped while
 * the previous one is still running. `SyncAll` itself is signalled, never started, so that there is only one.
 *
 * @param configuration path of the configuration file, see {@link madeBy}
 */
export function scheduleOptions({ id, does, timing }: ScheduleSetting, configuration?: string): WantedSchedule {
  const started = startedBy(does);
  return {
    spec: specOf(timing),
    action: {
      type: 'startWorkflow',
      workflowType: started.type,
      workflowId: tickId(id),
      taskQueue: TaskQueue.main,
      workflowTaskTimeout,
      args: [started.input],
      staticSummary: started.summary,
      ...(configuration === undefined ? {} : { memo: { [madeByKey]: configuration } }),
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: does.kind === 'sync' ? syncCatchUp : fetchCatchUp,
      pauseOnFailure: false,
    },
  };
}

function startedBy(does: ScheduleSetting['does']) {
  switch (does.kind) {
    case 'sync':
      return {
        type: WorkflowName.requestSyncAll,
        input: { reason: printRunCause('schedule') },
        summary: 'Requests a sync',
      };
    case 'audit':
      return { type: WorkflowName.audit, input: {}, summary: 'Checks the copies on the targets' };
    case 'fetch':
      return { ...fetchWorkflow(does.upstream), summary: `Checks ${does.upstream} for new images` };
    default:
      return does satisfies never;
  }
}

/**
 * Path of the configuration file that last created or corrected a schedule; undefined if there was none. Stored in the
 * memo of its runs, since the memo of a schedule cannot be changed.
 */
export function madeBy({ action }: ScheduleDescription): string | undefined {
  const path = action.memo?.[madeByKey];
  return typeof path === 'string' ? path : undefined;
}

/** ID prefix of a schedule's runs; the server appends the time. */
export function tickId(schedule: string): string {
  return `${schedule}-tick`;
}

/** Whether a schedule matches the configuration. Its paused state is not compared: that is the user's decision. */
export function isAsWanted(found: ScheduleDescription, wanted: WantedSchedule): boolean {
  const { spec, action, policies } = wanted;
  const differences = [
    [timesOf(found.spec), timesOf(spec)],
    [found.action.workflowType, action.workflowType],
    [found.action.workflowId, action.workflowId],
    [found.action.taskQueue, action.taskQueue],
    [found.action.args ?? [], action.args ?? []],
    [durationText(found.action.workflowTaskTimeout), action.workflowTaskTimeout],
    // None of these is ever set: a run may wait hours for GitHub, and an exhausted schedule is silent.
    [found.action.workflowRunTimeout ?? 0, 0],
    [found.action.workflowExecutionTimeout ?? 0, 0],
    [found.action.retry ?? null, null],
    [found.state.remainingActions ?? null, null],
    [found.policies.overlap, policies.overlap],
    [printDuration(found.policies.catchupWindow), policies.catchupWindow],
    [found.policies.pauseOnFailure, policies.pauseOnFailure],
  ];
  return differences.every(([is, shouldBe]) => JSON.stringify(is) === JSON.stringify(shouldBe));
}

/** The server returns milliseconds. */
function durationText(value: string | number | undefined): string | undefined {
  return typeof value === 'number' ? printDuration(value) : value;
}

function specOf(timing: ScheduleTiming): WantedSchedule['spec'] {
  if ('cron' in timing) {
    // The cron text itself is not sent: for two day fields the server means "both", crontab means "either".
    const calendars = timing.cron.flatMap((expression) =>
      parseCron(expression).map((times): CalendarSpecDescription => ({
        second: [{ start: 0, end: 0, step: 1 }],
        minute: [...times.minute],
        hour: [...times.hour],
        dayOfMonth: [...times.dayOfMonth],
        month: times.month.map((range) => named(range, (month) => months[month - 1] ?? 'JANUARY')),
        year: [],
        dayOfWeek: times.dayOfWeek.map((range) => named(range, (day) => days[day] ?? 'SUNDAY')),
        comment: expression,
      })),
    );
    return { calendars, timezone: timing.timezone ?? 'UTC' };
  }
  const { everyMs, offsetMs = 0 } = timing;
  return {
    intervals: [{ every: everyMs, offset: offsetMs }],
    jitter: Math.min(maxJitterMs, Math.floor(everyMs / 20_000) * 1_000),
  };
}

function named<Name>(
  { start, end, step }: CronRange,
  nameOf: (value: number) => Name,
): { start: Name; end: Name; step: number } {
  return { start: nameOf(start), end: nameOf(end), step };
}

/** Normalizes the times of a wanted spec and of the server's spec for comparison. */
function timesOf(spec: ScheduleDescription['spec'] | WantedSchedule['spec']): unknown {
  return {
    calendars: spec.calendars ?? [],
    intervals: (spec.intervals ?? []).map(({ every, offset }) => [every, offset ?? 0]),
    skip: spec.skip ?? [],
    between: [spec.startAt, spec.endAt],
    jitter: spec.jitter ?? 0,
    timezone: spec.timezone === undefined || spec.timezone === '' ? 'UTC' : spec.timezone,
  };
}

const months = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const days = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
