import { fromMarkdownText } from '../domain/markdown-text.js';
import type { TemporalClient } from './connect.js';

/** Temporal's own query, which every workflow answers. */
const metadataQuery = '__temporal_workflow_metadata';

/**
 * Returns what a workflow reports about itself, such as what it waits for (`setCurrentDetails`).
 *
 * @returns undefined if it reports nothing or no worker answers in time
 */
export async function workflowDetails(
  { client, withDeadline }: TemporalClient,
  workflowId: string,
): Promise<string | undefined> {
  try {
    const { currentDetails } = await withDeadline(
      async () => await client.workflow.getHandle(workflowId).query<{ currentDetails?: string }>(metadataQuery),
    );
    return currentDetails === undefined || currentDetails === '' ? undefined : fromMarkdownText(currentDetails);
  } catch {
    // Only informative: left out if it is not available.
    return undefined;
  }
}
