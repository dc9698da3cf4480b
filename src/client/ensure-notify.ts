import { WorkflowIdConflictPolicy } from '@temporalio/client';

import { TaskQueue } from '../contract/task-queues.js';
import { notifyWorkflowId, workflowTaskTimeout, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';

/** Starts the one workflow that notifies people, unless it is running. */
export async function ensureNotify({ client, withDeadline }: TemporalClient): Promise<void> {
  await withDeadline(
    async () =>
      await client.workflow.start(WorkflowName.notify, {
        workflowId: notifyWorkflowId,
        taskQueue: TaskQueue.main,
        workflowTaskTimeout,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        args: [],
        staticSummary: 'Notifies people of incidents and releases',
      }),
  );
}
