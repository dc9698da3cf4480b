// What the worker can run. Anything exported here can be started by name.
export { AddImage } from './add-image.js';
export { FetchDify } from './fetch-dify.js';
export { FetchUpstream } from './fetch-upstream.js';
export { FetchXinference } from './fetch-xinference.js';
export { RequestSyncAll } from './request-sync-all.js';
export { SyncAll } from './sync-all.js';
export { SyncImage } from './sync-image.js';
