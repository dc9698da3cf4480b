import { fetchWorkflowTypes } from '../contract/workflow-names.js';

/** Finds the running checks of upstreams in Temporal. */
export const runningFetchQuery = `WorkflowType in (${fetchWorkflowTypes.map((type) => `'${type}'`).join(', ')}) and ExecutionStatus = 'Running'`;
