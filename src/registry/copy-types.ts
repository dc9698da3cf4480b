import type { KnownCopy } from '../domain/copy-recipe.js';
import type { Digest } from '../domain/digest.js';
import type { FerryError } from '../domain/ferry-error.js';
import type { ImageReference } from '../domain/image-reference.js';
import type { ManifestPolicy } from '../domain/manifest-policy.js';
import type { PlatformSelection } from '../domain/platform.js';
import type { AnnouncedPulls, PullAllowance } from '../domain/pull-allowance.js';
import type { Timing } from './transport/timing.js';

/** One place that an image goes to. */
export interface CopyTarget {
  /** What people call it; carried into the report. */
  readonly name: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly manifestPolicy: ManifestPolicy;
  /** Signatures, SBOMs and whatever else refers to the image go with it; default: the image alone. */
  readonly referrers?: boolean;
  /** What the tag leads to is kept under this one before it is made to lead elsewhere. */
  readonly backupTag?: string;
  /** A copy by the very recipe of this one that was verified there: while nothing moved, it is not looked into again. */
  readonly known?: KnownCopy;
}

export interface CopyRequest {
  readonly source: ImageReference;
  /** Copy exactly this, whatever the tag says by now. */
  readonly sourceDigest?: Digest;
  readonly platforms: PlatformSelection;
  readonly targets: readonly CopyTarget[];
  /**
   * A target's tag that leads to the source's own digest is done, by one HEAD on each side, where that is what it is to
   * lead to whatever the manifest says. Default: the manifest is read and its children are looked for, which tells the
   * platforms and finds what a target has lost.
   */
  readonly trustEqualTags?: boolean;
  /** No manifest that a target has vouches for what it lists: each is put again, and each blob is looked for. */
  readonly anew?: boolean;
}

/** A manifest that a finished tag leads to. */
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
  /** Manifests that refer to the image and go with it; absent where they were not asked for. */
  readonly referrers?: number;
  /** The tag points there already, and its children and referrers are there: nothing to do. */
  readonly alreadyThere: boolean;
  /** What the tag points to now, when that is something else. */
  readonly replaces?: Digest;
  /** Manifests of the source's index, and referrers, that were left out, with the reason. */
  readonly dropped: readonly { readonly digest: Digest; readonly reason: string }[];
}

export type TargetFailure = {
  readonly target: string;
  readonly reference: string;
  readonly failure: FerryError;
};

export interface CopyPlan {
  readonly sourceDigest: Digest;
  /** Absent where the source's manifest did not have to be read. */
  readonly sourceMediaType?: string;
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  /** Platforms that the source offers, canonical, in the source's order; absent where it did not have to be read. */
  readonly offeredPlatforms?: readonly string[];
  readonly targets: readonly TargetPlan[];
  /** Targets that cannot take this image, or could not be asked. */
  readonly failures: readonly TargetFailure[];
}

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
  /** Of the targets that could be asked, in the plan's order. */
  readonly targets: readonly TargetSurvey[];
  /** Each blob once, however many targets lack it. */
  readonly bytesToRead: number;
}

export type BlobOutcome = 'uploaded' | 'mounted' | 'already-there';

export type CopyProgress =
  | { readonly type: 'planned'; readonly blobs: number; readonly bytes: number }
  /** Bytes of one blob read from the source since the last event. */
  | { readonly type: 'read'; readonly digest: Digest; readonly bytes: number }
  /** Bytes of one blob accepted by one target's socket since the last event. */
  | { readonly type: 'sent'; readonly digest: Digest; readonly target: string; readonly bytes: number }
  | {
      readonly type: 'blob';
      readonly digest: Digest;
      readonly target: string;
      readonly size: number;
      readonly outcome: BlobOutcome;
    }
  | { readonly type: 'manifest'; readonly digest: Digest; readonly target: string }
  | { readonly type: 'target-failed'; readonly target: string; readonly reason: string }
  | { readonly type: 'target-done'; readonly target: string; readonly digest: Digest };

export interface CopyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** Blobs in flight at once, largest first; default 3. */
  readonly concurrentBlobs?: number;
}

export interface TargetResult extends TargetPlan {
  readonly outcome: 'copied' | 'already-there';
  /** `host/repository:tag` that now leads to what the tag led to before. */
  readonly backup?: string;
  readonly uploadedBlobs: number;
  readonly mountedBlobs: number;
  readonly skippedBlobs: number;
  readonly bytesSent: number;
}

export interface CopyReport {
  readonly sourceDigest: Digest;
  readonly missingPlatforms: readonly string[];
  /** Blob bytes read from the source, each counted as often as it was read. */
  readonly bytesRead: number;
  readonly targets: readonly TargetResult[];
  readonly failures: readonly TargetFailure[];
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth2 refresh token in place of user and password (docker's `identitytoken`). */
  readonly identityToken?: string;
}

/**
 * Asked anew whenever a registry wants authorization: short-lived passwords may change.
 *
 * @param target the name of the target where the repository is one: two targets may be two accounts of one registry
 */
export type CredentialProvider = (
  host: string,
  repository: string,
  target?: string,
) => Promise<RegistryCredentials | undefined>;

/**
 * Remembers, beyond one process, which repositories of a registry hold which blobs. What it says is a hint: a wrong one
 * costs a request. None of it rejects: whoever keeps it tells of its own faults.
 */
export interface BlobLocations {
  /** Repositories (paths without host) by digest, the likeliest first; digests that nobody is known to hold are left out. */
  known(registry: string, digests: readonly Digest[]): Promise<ReadonlyMap<string, readonly string[]>>;
  record(registry: string, repository: string, digests: readonly Digest[]): Promise<void>;
  forget(registry: string, repository: string, digest: Digest): Promise<void>;
}

export interface HostSettings {
  /** `http` or `https` forces it; absent: TLS, and on loopback hosts plain HTTP when TLS is not spoken. */
  readonly scheme?: 'http' | 'https';
  /** PEM certificates trusted beside the system's. */
  readonly ca?: string;
  /** PEM; shown to this host alone, never to one that it leads to. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** How this host, and the ones that it leads to, are reached, whatever the client's rules say. */
  readonly proxy?: URL | 'none';
  /** Where images of this host are read before it is asked itself, in order. */
  readonly mirrors?: readonly MirrorSettings[];
  /** Blobs read from this source at once, over all copies of a client; absent: as many as the client has in flight. */
  readonly concurrentReads?: number;
  /** What all of those read together, at most. */
  readonly readBytesPerSecond?: number;
  /** False: these are limits alone, which make the host no more trusted than any other. */
  readonly trusted?: false;
}

export interface MirrorSettings {
  readonly host: string;
  /** What stands before the repository there, as proxy projects have it: `hub` for `mirror.example.com/hub`. */
  readonly prefix?: string;
  /** Whether its word is taken for what a tag points to; else the origin is asked, and only bytes come from here. */
  readonly resolvesTags: boolean;
}

/** Which traffic goes through a proxy, as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say it. */
export interface ProxyRules {
  /** For `http:` URLs; `http:` or `https:`, perhaps with user and password. */
  readonly http?: URL;
  /** For `https:` URLs. */
  readonly https?: URL;
  /** What goes without: `example.com` (and all below it), `.example.com` (only below), an address, a CIDR block, each
   * perhaps with `:port`; `*` for everything. */
  readonly except: readonly string[];
}

/** Keeps count of the reads that a source counts, over everybody who shares its allowance. */
export interface PullLedger {
  /**
   * Books one pull, before it is made.
   *
   * @returns undefined when it may be made; else what is spent, and when there is enough again
   */
  take(host: string): Promise<{ readonly allowance: PullAllowance; readonly freeInMs: number } | undefined>;
  /**
   * What a source said beside an answer, undefined when it speaks of no limit.
   *
   * @param ageMs since the request was sent
   */
  told(host: string, announced: AnnouncedPulls | undefined, ageMs: number): Promise<void>;
}

export interface RegistryClientOptions {
  readonly credentials: CredentialProvider;
  /** Settings of the hosts that are configured; only these may have private addresses. */
  readonly hosts?: ReadonlyMap<string, HostSettings>;
  /** Hosts, beside those of `hosts`, that may have private or loopback addresses. */
  readonly trustedHosts?: ReadonlySet<string>;
  readonly userAgent?: string;
  /** Told of each mirror that is left alone for a while, and why; the origin is asked instead. */
  readonly onMirrorFault?: (fault: FerryError) => void;
  /** Default: no proxy. */
  readonly proxies?: ProxyRules;
  /** Blobs in flight at once over all copies of this client; default 6. */
  readonly concurrentTransfers?: number;
  /** Where blobs were put by earlier processes; default: nobody remembers. */
  readonly blobLocations?: BlobLocations;
  /** Asked before each read that a source may count; absent: they are not counted. */
  readonly pulls?: PullLedger;
  /** Waits other than the defaults (`transport/timing.ts`). */
  readonly timing?: Partial<Timing>;
}
