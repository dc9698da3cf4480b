/** The workflow types, as `temporal workflow start --type …` knows them. Renaming one breaks what is running. */
export const WorkflowName = {
  syncAll: 'SyncAll',
  syncImage: 'SyncImage',
  requestSyncAll: 'RequestSyncAll',
  addImage: 'AddImage',
  fetchDify: 'FetchDify',
  fetchXinference: 'FetchXinference',
  fetchUpstream: 'FetchUpstream',
} as const;
export type WorkflowName = (typeof WorkflowName)[keyof typeof WorkflowName];

/** The fixed ID that makes `SyncAll` one at a time: every trigger is a signalWithStart to it. */
export const SYNC_ALL_WORKFLOW_ID = 'sync-all';

/** The one `RequestSyncAll` that waits for the time at which a source can be asked again. */
export const SYNC_AGAIN_WORKFLOW_ID = 'sync-all-again';

/** Prefix of `AddImage`'s IDs; the delivery's ID follows, so that a redelivery finds the first run. */
export const ADD_IMAGE_ID_PREFIX = 'add-image/';

/**
 * Workflow tasks take milliseconds; one that a killed worker had taken is given to another after this. The server's
 * standard of ten seconds would be felt after each crash.
 */
export const WORKFLOW_TASK_TIMEOUT = '5s';
