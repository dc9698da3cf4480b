import { builtInUpstreams } from '../domain/built-in-upstreams.js';

/**
 * The workflow types, as `temporal workflow start --type …` knows them, without those of {@link builtInFetchTypes}.
 * Renaming one breaks running workflows.
 */
export const WorkflowName = {
  syncAll: 'SyncAll',
  syncImage: 'SyncImage',
  requestSyncAll: 'RequestSyncAll',
  addImage: 'AddImage',
  fetchUpstream: 'FetchUpstream',
  notify: 'Notify',
  audit: 'Audit',
  rollbackImage: 'RollbackImage',
} as const;
export type WorkflowName = (typeof WorkflowName)[keyof typeof WorkflowName];

/** Workflow types of the built-in upstreams by the upstream's name: `FetchDify` is `FetchUpstream` for `dify`. */
export const builtInFetchTypes: ReadonlyMap<string, string> = new Map(
  builtInUpstreams.map(({ name }) => [name, `Fetch${name.split('-').map(capitalized).join('')}`]),
);

/** Every workflow type that checks an upstream. */
export const fetchWorkflowTypes: readonly string[] = [WorkflowName.fetchUpstream, ...builtInFetchTypes.values()];

/** The built-in upstream that a workflow type is for; undefined for any other type. */
export function builtInUpstreamOf(workflowType: string): string | undefined {
  return [...builtInFetchTypes].find(([, type]) => type === workflowType)?.[0];
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** The fixed ID that makes `SyncAll` one at a time: every trigger is a signalWithStart to it. */
export const syncAllWorkflowId = 'sync-all';

/** The ID of the `RequestSyncAll` that waits until a source can be retried. */
export const syncAgainWorkflowId = 'sync-all-again';

/** The fixed ID of the one `Notify`. */
export const notifyWorkflowId = 'notify';
/** The fixed ID of an audit that a person requests: one at a time. */
export const auditWorkflowId = 'audit';

/** Prefix of `AddImage`'s IDs; the delivery's ID follows, so that a redelivery finds the first workflow run. */
export const addImageIdPrefix = 'add-image/';

/**
 * Workflow tasks take milliseconds. After this timeout the task of a killed worker goes to another one. The server's
 * default of ten seconds would cause a noticeable delay after each crash.
 */
export const workflowTaskTimeout = '5s';
