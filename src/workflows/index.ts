// The workflows of the worker. Each export can be started by its name.
export { AddImage } from './add-image.js';
export { Audit } from './audit.js';
export { FetchDify, FetchUpstream, FetchXinference } from './fetch-upstream.js';
export { Notify } from './notify.js';
export { RequestSyncAll } from './request-sync-all.js';
export { RollbackImage } from './rollback-image.js';
export { SyncAll } from './sync-all.js';
export { SyncImage } from './sync-image.js';
// Temporal calls the default export for every other type: another built-in upstream.
// oxlint-disable-next-line import/no-default-export
export { FetchBuiltInUpstream as default } from './fetch-upstream.js';
