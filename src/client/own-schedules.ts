import type { ScheduleDescription } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';

import { TaskQueue } from '../contract/task-queues.js';
import { WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';
import { tickId } from './schedule-options.js';

const started: ReadonlySet<string> = new Set([
  WorkflowName.requestSyncAll,
  WorkflowName.fetchDify,
  WorkflowName.fetchXinference,
  WorkflowName.fetchUpstream,
]);

/**
 * The schedules that the ferry made, whatever the configuration says now: what they start tells them from schedules that
 * people made for themselves. One that was made a moment ago may be missing.
 */
export async function listOwnSchedules(temporal: TemporalClient): Promise<readonly string[]> {
  const { client, soon } = temporal;
  const candidates = await soon(async () => {
    const found: string[] = [];
    for await (const { scheduleId, action } of client.schedule.list()) {
      if (action !== undefined && started.has(action.workflowType)) found.push(scheduleId);
    }
    return found;
  });
  const own: string[] = [];
  for (const id of candidates) if (await isOwn(temporal, id)) own.push(id);
  return own;
}

async function isOwn({ client, soon }: TemporalClient, id: string): Promise<boolean> {
  let found: ScheduleDescription;
  try {
    found = await soon(async () => await client.schedule.getHandle(id).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
  const { workflowId, taskQueue } = found.action;
  return workflowId === tickId(id) && taskQueue === TaskQueue.main;
}
