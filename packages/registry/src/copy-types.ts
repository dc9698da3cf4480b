import type { RegistryError } from './errors.js';
import type { Digest } from './oci/digest.js';
import type { ImageReference } from './oci/image-reference.js';
import type { DroppedManifest, ManifestPolicy } from './oci/manifest-policy.js';
import type { PlatformSelection } from './oci/platform.js';

/** A copy that was verified on a target, valid while its tag points to this digest and the source to that one. */
export interface VerifiedCopy {
  readonly sourceDigest: Digest;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platforms: readonly CopiedPlatform[];
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  readonly dropped: readonly DroppedManifest[];
  /** Notes for the user. */
  readonly note?: string | undefined;
}

/** A repository and tag that an image is copied to. */
export interface CopyTarget {
  /** The user's name for it; carried into the report. */
  readonly name: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly manifestPolicy: ManifestPolicy;
  /** Copies signatures, SBOMs and everything else that refers to the image; default: the image alone. */
  readonly referrers?: boolean | undefined;
  /** Before the tag is moved, what it points to is kept under this tag. */
  readonly backupTag?: string | undefined;
  /** A copy with exactly these settings that was verified there: it is not examined again while nothing has moved. */
  readonly known?: VerifiedCopy | undefined;
}

/** What to copy, and where to. All targets may be on different registries; each blob is read once for all of them. */
export interface CopyRequest {
  readonly source: ImageReference;
  /** Copy exactly this, whatever the tag says by now. */
  readonly sourceDigest?: Digest | undefined;
  readonly platforms: PlatformSelection;
  readonly targets: readonly CopyTarget[];
  /**
   * A target's tag that points to the source's own digest is done, with one HEAD on each side, if that digest is the
   * one that the tag should have whatever the manifest says. Default: the manifest is read and its children are looked
   * for, which finds the platforms and what a target has lost. `'images'` trusts only the tag of a single image, below
   * which no manifest can be lost, and looks at both sides at the same time; `true` trusts an index too, and looks at the
   * source first, so that a target need not read what it compares.
   */
  readonly trustEqualTags?: boolean | 'images' | undefined;
  /**
   * A manifest that a target has is no proof of what it lists: each manifest is put again, and a blob counts as there only
   * if its first byte can be read.
   * A target whose `known` copy was made after this was requested is left out.
   */
  readonly force?: boolean | undefined;
}

/** A manifest that a finished tag points to. */
export interface CopiedPlatform {
  /** Canonical platform, `linux/amd64`; '' where the manifest names none. */
  readonly platform: string;
  readonly digest: Digest;
  /** Compressed size of its config and layers, in bytes. */
  readonly size: number;
}

/** What a target's tag will point to, decided before any layer moves. */
export interface TargetPlan {
  readonly target: string;
  /** `host/repository:tag` */
  readonly reference: string;
  /** Digest that the tag will have there. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** None where the manifest was not read (`trustEqualTags`). */
  readonly platforms: readonly CopiedPlatform[];
  /** Manifests that refer to the image and are copied with it; absent if they were not requested. */
  readonly referrers?: number | undefined;
  /** The tag points there already, and its children and referrers are there: nothing to do. */
  readonly alreadyThere: boolean;
  /** What the tag points to now, when that is something else. */
  readonly replaces?: Digest | undefined;
  /** Why the target does not allow reading the tag back: only the answer to the PUT says what it points to. */
  readonly unread?: string | undefined;
  /** Everything that the tag points to now stays part of it: platforms are added, and none is removed. */
  readonly extends?: true | undefined;
  /** Manifests of the source's index, and referrers, that were left out, with the reason. */
  readonly dropped: readonly { readonly digest: Digest; readonly reason: string }[];
  /** Notes for the user, such as a platform that could not be compared as usual. */
  readonly note?: string | undefined;
}

/** A target that did not get the image, and why. The other targets are not affected. */
export type TargetFailure = {
  readonly target: string;
  readonly reference: string;
  readonly failure: RegistryError;
};

/** What a copy would change on each target. */
export interface CopyPlan {
  readonly sourceDigest: Digest;
  /** Absent where the source's manifest did not have to be read. */
  readonly sourceMediaType?: string | undefined;
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  /** Platforms that the source offers, canonical, in the source's order; absent where it did not have to be read. */
  readonly offeredPlatforms?: readonly string[] | undefined;
  readonly targets: readonly TargetPlan[];
  /** Targets that cannot take this image, or did not answer. */
  readonly failures: readonly TargetFailure[];
}

/** Part of the blobs of an image. `bytes` is the sum of their compressed sizes. */
export interface BlobShare {
  readonly blobs: number;
  readonly bytes: number;
}

/** What one target lacks, and how it would get it. */
export interface TargetSurvey {
  readonly target: string;
  /** In the repository already, though not yet part of this image. */
  readonly there: BlobShare;
  /** In another repository of the registry, from where it would be mounted. */
  readonly mountable: BlobShare;
  readonly sent: BlobShare;
}

/** What a copy would move. */
export interface CopySurvey {
  readonly plan: CopyPlan;
  /** Targets that answered, in the plan's order. */
  readonly targets: readonly TargetSurvey[];
  /** Each blob once, however many targets lack it. */
  readonly bytesToRead: number;
}

/** The outcome for a blob on one target: sent, mounted from another repository of the registry, or found there. */
export type BlobOutcome = 'uploaded' | 'mounted' | 'already-there';

/**
 * What a stalled transfer waits for: a connection, bytes of the source, a target that accepts bytes, its answer to the
 * commit, or the pause before a retry.
 */
export type TransferWait = 'connection' | 'source-bytes' | 'target-accepts' | 'commit' | 'retry';

/**
 * One step of a copy, in the order in which the steps happen. All `bytes` and `size` are compressed bytes.
 *
 * - `planned`: how many blobs of how many bytes some target lacks; comes once, unless every target has the image
 * - `continued`, `stalled`: an upload went on where it had stopped; a transfer does not move
 * - `blob`: a blob is complete on one target
 * - `manifest`: a manifest was put on one target
 * - `target-failed`, `target-done`: one of the two comes for each target that was reached, as its last event
 */
export type CopyProgress =
  | {
      readonly type: 'planned';
      readonly blobs: number;
      readonly bytes: number;
      /** What each target lacks. */
      readonly targets: readonly (BlobShare & { readonly target: string })[];
    }
  /** Bytes of one blob read from the source since the last event. */
  | { readonly type: 'read'; readonly digest: Digest; readonly bytes: number }
  /** Bytes of one blob accepted by one target's socket since the last event. `size`: of the whole blob. */
  | {
      readonly type: 'sent';
      readonly digest: Digest;
      readonly target: string;
      readonly bytes: number;
      readonly size: number;
    }
  | {
      readonly type: 'blob';
      readonly digest: Digest;
      readonly target: string;
      readonly size: number;
      readonly outcome: BlobOutcome;
    }
  /** An upload continued at `offset` of `size` bytes, in this process or after an earlier one. */
  | {
      readonly type: 'continued';
      readonly digest: Digest;
      readonly target: string;
      readonly offset: number;
      readonly size: number;
      readonly after: ContinuedAfter;
    }
  /** Nothing of this blob has moved for `forMs` milliseconds; repeated while that lasts. Without a target: the source. */
  | {
      readonly type: 'stalled';
      readonly digest: Digest;
      readonly target?: string | undefined;
      readonly host: string;
      readonly forMs: number;
      readonly awaits: TransferWait;
    }
  | { readonly type: 'manifest'; readonly digest: Digest; readonly target: string }
  | { readonly type: 'target-failed'; readonly target: string; readonly reason: string }
  | { readonly type: 'target-done'; readonly target: string; readonly digest: Digest };

/** Options of {@link copyImage}, {@link planCopy} and {@link surveyCopy}. */
export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Most blobs in flight at once, largest first; default: as many as make the copy faster. */
  readonly concurrentBlobs?: number | undefined;
}

/**
 * What an upload continued after: its connection broke, or was given up; its target was much slower than the others and
 * left their shared read; an earlier process left it unfinished.
 */
export type ContinuedAfter = 'break' | 'slow-target' | 'earlier-process';

/** An upload that did not get its blob in one go. */
export interface ContinuedUpload {
  readonly digest: Digest;
  /** Bytes that the target had kept. */
  readonly offset: number;
  /** Of the whole blob, in bytes. */
  readonly size: number;
  readonly after: ContinuedAfter;
}

/** What a copy did on one target. */
export interface TargetResult extends TargetPlan {
  readonly outcome: 'copied' | 'already-there';
  /** `host/repository:tag` that now points to what the tag pointed to before. */
  readonly backup?: string | undefined;
  readonly uploadedBlobs: number;
  readonly mountedBlobs: number;
  readonly skippedBlobs: number;
  readonly bytesSent: number;
  /** Where each upload that continued did so last; absent if none did. */
  readonly continued?: readonly ContinuedUpload[] | undefined;
}

/** What a copy did. A target is either in `targets` or in `failures`. */
export interface CopyReport {
  readonly sourceDigest: Digest;
  readonly missingPlatforms: readonly string[];
  /** Blob bytes read from the source, each counted as often as it was read. */
  readonly bytesRead: number;
  readonly targets: readonly TargetResult[];
  readonly failures: readonly TargetFailure[];
}
