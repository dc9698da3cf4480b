import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';

import type { AddImageInput, AddImageResult } from '../contract/sync.js';
import { TaskQueue } from '../contract/task-queues.js';
import { ADD_IMAGE_ID_PREFIX, WORKFLOW_TASK_TIMEOUT, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';

/** Starts one `AddImage` for a delivery and waits for what became of each reference. A repeated delivery joins it. */
export async function addImages(
  { client, soon }: TemporalClient,
  delivery: string,
  input: AddImageInput,
): Promise<AddImageResult> {
  const workflowId = `${ADD_IMAGE_ID_PREFIX}${delivery}`;
  try {
    const handle = await soon(
      async () =>
        await client.workflow.start(WorkflowName.addImage, {
          workflowId,
          taskQueue: TaskQueue.main,
          workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
          args: [input],
          staticSummary: input.images.join(' ').slice(0, 200),
        }),
    );
    return (await handle.result()) as AddImageResult;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return (await client.workflow.getHandle(workflowId).result()) as AddImageResult;
  }
}
