/** What a look at an upstream found: crosses Temporal's wire, and is what people are told. */

export interface Skipped {
  /** The service, image or tag that was left out. */
  readonly what: string;
  readonly reason: string;
}

/** One image of a release, beside the release that it is compared with. */
export interface ImageChange {
  /** Canonical `host/path:tag[@digest]`; for a removed one, as it was. */
  readonly image: string;
  /** Services that use it. */
  readonly services: readonly string[];
  /** What its services used of the same repository before. */
  readonly oldTag?: string;
  readonly newTag?: string;
}

export interface ServiceChange {
  readonly service: string;
  /** Canonical; absent where the service is new. */
  readonly from?: string;
  /** Canonical; absent where the service is gone. */
  readonly to?: string;
}

/** An image to be recorded as wanted, and why. */
export interface FoundImage {
  readonly image: string;
  readonly service?: string;
  readonly oldTag?: string;
  readonly newTag?: string;
}

export interface UpstreamFinding {
  /** Newest release; of a registry's tags, the newest that fits. */
  readonly release?: string;
  /** The release that it was compared with. */
  readonly previous?: string;
  /** False: this release was handled before, nothing is to be recorded. */
  readonly isNew: boolean;
  readonly added: readonly ImageChange[];
  readonly changed: readonly ImageChange[];
  readonly removed: readonly ImageChange[];
  /** Images that are in both releases as they were. */
  readonly unchanged: number;
  readonly services: readonly ServiceChange[];
  readonly wanted: readonly FoundImage[];
  readonly skipped: readonly Skipped[];
  /** What else a person should know. */
  readonly notes: readonly string[];
  /** For the next conditional request. */
  readonly etag?: string;
}

/** Nothing but a release that was handled before. */
export function nothingNew(release: string | undefined, notes: readonly string[] = [], etag?: string): UpstreamFinding {
  return {
    ...(release === undefined ? {} : { release }),
    isNew: false,
    added: [],
    changed: [],
    removed: [],
    unchanged: 0,
    services: [],
    wanted: [],
    skipped: [],
    notes,
    ...(etag === undefined ? {} : { etag }),
  };
}
