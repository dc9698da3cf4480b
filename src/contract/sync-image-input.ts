import type { SingleImage } from './activity-types.js';

/** The image is canonical, `host/path:tag[@digest]`. */
export interface SyncImageInput extends SingleImage {
  /** The sync run that it belongs to; absent if a person starts it by hand. */
  readonly run?: string | undefined;
}
