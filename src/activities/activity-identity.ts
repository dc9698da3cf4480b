import { activityInfo } from '@temporalio/activity';

/** The same for each attempt of an activity: what one attempt has begun, the next one finds by it. */
export function activityIdentity(): string {
  const { workflowExecution, activityId } = activityInfo();
  return `${workflowExecution?.runId ?? 'run'}/${activityId}`;
}
