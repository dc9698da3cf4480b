import { ScheduleNotFoundError } from '@temporalio/client';
import type { ScheduleDescription } from '@temporalio/client';

import { TaskQueue } from '../contract/task-queues.js';
import { fetchWorkflowTypes, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';
import { madeBy, tickId } from './schedule-options.js';

const started: ReadonlySet<string> = new Set([WorkflowName.requestSyncAll, WorkflowName.audit, ...fetchWorkflowTypes]);

export interface ManagedSchedule {
  readonly id: string;
  /** The configuration file that created it; absent if there was none. */
  readonly madeBy?: string | undefined;
}

/**
 * Lists the schedules that the ferry created, regardless of the current configuration. They are recognized by the
 * workflow that they start. A schedule that was created a moment ago may be missing.
 */
export async function listManagedSchedules(temporal: TemporalClient): Promise<readonly ManagedSchedule[]> {
  const { client, withDeadline } = temporal;
  const candidates = await withDeadline(async () => {
    const found: string[] = [];
    for await (const { scheduleId, action } of client.schedule.list()) {
      if (action !== undefined && started.has(action.workflowType)) found.push(scheduleId);
    }
    return found;
  });
  const own: ManagedSchedule[] = [];
  for (const id of candidates) {
    const found = await describe(temporal, id);
    if (found === undefined || !isOwn(id, found)) continue;
    const maker = madeBy(found);
    own.push({ id, madeBy: maker });
  }
  return own;
}

function isOwn(id: string, { action: { workflowId, taskQueue } }: ScheduleDescription): boolean {
  return workflowId === tickId(id) && taskQueue === TaskQueue.main;
}

/** Returns undefined if there is no schedule of this name. */
export async function describe(
  { client, withDeadline }: TemporalClient,
  id: string,
): Promise<ScheduleDescription | undefined> {
  try {
    return await withDeadline(async () => await client.schedule.getHandle(id).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
