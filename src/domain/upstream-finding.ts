/** The result of checking an upstream, as sent over Temporal and shown to users. */

export interface Skipped {
  /** The service, image or tag that was skipped. */
  readonly what: string;
  readonly reason: string;
}

/** One image of a release, compared with another release. */
export interface ImageChange {
  /** Canonical `host/path:tag[@digest]`; for a removed image, the old reference. */
  readonly image: string;
  /** Services that use it. */
  readonly services: readonly string[];
  /** The tag of the same repository that its services used before. */
  readonly oldTag?: string | undefined;
  readonly newTag?: string | undefined;
}

export interface ServiceChange {
  readonly service: string;
  /** Canonical; absent if the service is new. */
  readonly from?: string | undefined;
  /** Canonical; absent if the service was removed. */
  readonly to?: string | undefined;
}

/** An image to add to the wanted images, and why. */
export interface FoundImage {
  readonly image: string;
  readonly service?: string | undefined;
  readonly oldTag?: string | undefined;
  readonly newTag?: string | undefined;
}

export interface UpstreamFinding {
  /** Newest release; for tags of a registry, the newest that matches. */
  readonly release?: string | undefined;
  /** The release that it was compared with. */
  readonly previous?: string | undefined;
  /** False: this release was handled before, so there is nothing to record. */
  readonly isNew: boolean;
  readonly added: readonly ImageChange[];
  readonly changed: readonly ImageChange[];
  readonly removed: readonly ImageChange[];
  /** Images that are unchanged between the releases. */
  readonly unchanged: number;
  readonly services: readonly ServiceChange[];
  readonly wanted: readonly FoundImage[];
  readonly skipped: readonly Skipped[];
  /** Further notes for the user. */
  readonly notes: readonly string[];
  /** For the next conditional request. */
  readonly etag?: string | undefined;
}

/** The finding for a release that was handled before. */
export function nothingNew(release: string | undefined, notes: readonly string[] = [], etag?: string): UpstreamFinding {
  return {
    release,
    isNew: false,
    added: [],
    changed: [],
    removed: [],
    unchanged: 0,
    services: [],
    wanted: [],
    skipped: [],
    notes,
    etag,
  };
}
