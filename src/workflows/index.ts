// What the worker can run. Anything exported here can be started by name.
export { AddImage } from './add-image.js';
export { RequestSyncAll } from './request-sync-all.js';
export { SyncAll } from './sync-all.js';
export { SyncImage } from './sync-image.js';
