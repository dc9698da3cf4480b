import { withoutPassword } from '@image-ferry/registry/reference';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';

import type { AddImageInput, AddImageResult } from '../contract/sync-messages.js';
import { TaskQueue } from '../contract/task-queues.js';
import { addImageIdPrefix, workflowTaskTimeout, WorkflowName } from '../contract/workflow-names.js';
import type { TemporalClient } from './connect.js';
import { resultOf } from './workflow-result.js';

/**
 * Starts one `AddImage` workflow for a delivery and returns once Temporal has accepted it. A delivery that is running
 * or done is not started again, unless its workflow failed.
 */
export async function startAddImages(
  { client, withDeadline }: TemporalClient,
  delivery: string,
  input: AddImageInput,
): Promise<void> {
  try {
    await withDeadline(
      async () =>
        await client.workflow.start(WorkflowName.addImage, {
          workflowId: addImageId(delivery),
          taskQueue: TaskQueue.main,
          workflowTaskTimeout,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
          args: [input],
          staticSummary: summary(input),
        }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/**
 * Waits for a worker and returns the outcome of each reference of a delivery. @throws FerryError if the workflow failed
 */
export async function addImagesResult(
  temporal: TemporalClient,
  delivery: string,
  signal?: AbortSignal,
): Promise<AddImageResult> {
  return (await resultOf(temporal, { workflowId: addImageId(delivery) }, signal)) as AddImageResult;
}

/** What became of the images of a delivery; undefined while it runs, if it named none, or if Temporal has forgotten it. */
export async function addImagesOutcome(
  temporal: TemporalClient,
  delivery: string,
): Promise<AddImageResult['images'] | undefined> {
  const { client, withDeadline } = temporal;
  try {
    const { status } = await withDeadline(async () => await client.workflow.getHandle(addImageId(delivery)).describe());
    if (status.name !== 'COMPLETED') return undefined;
    return (await withDeadline(async () => await addImagesResult(temporal, delivery))).images;
  } catch {
    // Only informative: left out if it is not available.
    return undefined;
  }
}

/**
 * Starts one `AddImage` workflow for a delivery and waits for the outcome of each reference. A repeated delivery joins
 * the running workflow.
 *
 * @param signal ends the waiting, not the workflow
 */
export async function addImages(
  temporal: TemporalClient,
  delivery: string,
  input: AddImageInput,
  signal?: AbortSignal,
): Promise<AddImageResult> {
  await startAddImages(temporal, delivery, input);
  return await addImagesResult(temporal, delivery, signal);
}

export function addImageId(delivery: string): string {
  return `${addImageIdPrefix}${delivery}`;
}

function summary({ images }: AddImageInput): string {
  const names = images.slice(0, 10).map((image) => (typeof image === 'string' ? image : image.image));
  return names.map(withoutPassword).join(' ').slice(0, 200);
}
