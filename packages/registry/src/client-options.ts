import type { RegistryError } from './errors.js';
import type { Digest } from './oci/digest.js';
import type { PullQuota } from './pull-quota.js';
import type { RepositoryRef } from './repository-ref.js';
import type { Resource } from './transport/resource.js';
import type { Timing } from './transport/timing.js';
import type { UploadHabitStore, UploadJournal } from './upload-records.js';

/** Credentials of one registry. A user name and a password, or one of the two tokens. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth2 refresh token in place of user and password (docker's `identitytoken`). */
  readonly identityToken?: string | undefined;
  /** A bearer token from another program, sent unchanged (docker's `registrytoken`). */
  readonly registryToken?: string | undefined;
}

/**
 * Called again whenever a registry requires authorization: short-lived passwords may change.
 *
 * @param target the name of the target where the repository is one: two targets may be two accounts of one registry
 */
export interface CredentialProvider {
  (host: string, repository: string, target?: string): Promise<RegistryCredentials | undefined>;
  /**
   * Why stored credentials for a repository cannot be used: file, key and reason, for users. Empty if others are found,
   * or none are stored.
   */
  readonly unused?: ((host: string, repository: string, target?: string) => Promise<readonly string[]>) | undefined;
}

/**
 * Remembers, beyond one process, which repositories of a registry hold which blobs. Its answers are hints: a wrong one
 * costs a request. None of its promises rejects: an implementation reports its own faults.
 */
export interface BlobLocations {
  /** Repositories (paths without host) by digest, the likeliest first; digests without a known holder are left out. */
  known(registry: string, digests: readonly Digest[]): Promise<ReadonlyMap<string, readonly string[]>>;
  record(registry: string, repository: string, digests: readonly Digest[]): Promise<void>;
  forget(registry: string, repository: string, digest: Digest): Promise<void>;
}

/** Settings of one registry host. A host with settings may have a private address (see `trusted`). */
export interface HostSettings {
  /** `http` or `https` forces it; absent: TLS, and on loopback hosts plain HTTP when TLS is not spoken. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** PEM certificates trusted in addition to the system's. */
  readonly ca?: string | undefined;
  /** PEM. Presented to this host alone, never to a host that it redirects to. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** How to reach this host and the hosts that it redirects to, whatever the client's rules say. */
  readonly proxy?: URL | 'none' | undefined;
  /** Where images of this host are read before the host itself, in order. */
  readonly mirrors?: readonly MirrorSettings[] | undefined;
  /** Follows a redirect of a blob from TLS to plain HTTP; default: refused. The digest is checked in any case. */
  readonly allowHttpBlobRedirects?: boolean | undefined;
  /**
   * Most blobs in flight from this host as a source, and as many to it as a target, over all copies of a client; absent:
   * as many as make the transfers faster, at most 24 and another 32 below 1 MiB.
   */
  readonly concurrentBlobs?: number | undefined;
  /**
   * Most connections over which large blobs are read from this source, with those of all other blobs; a blob has at
   * least one. 1: never more than one for each blob. Default: `concurrentBlobs`, otherwise 16.
   */
  readonly readConnections?: number | undefined;
  /** Limit for all of those reads together. */
  readonly readBytesPerSecond?: number | undefined;
  /** False: these settings are only limits; the host is trusted no more than any other. */
  readonly trusted?: false | undefined;
}

/** A registry that has the images of another one. */
export interface MirrorSettings {
  readonly host: string;
  /** The prefix of the repository there, as proxy projects have it: `hub` for `mirror.example.com/hub`. */
  readonly prefix?: string | undefined;
  /** Whether the mirror may resolve tags; otherwise the origin resolves them, and only bytes come from the mirror. */
  readonly resolvesTags: boolean;
}

/** Which traffic goes through a proxy, in the form of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxyRules {
  /** For `http:` URLs; `http:` or `https:`, perhaps with user and password. */
  readonly http?: URL | undefined;
  /** For `https:` URLs. */
  readonly https?: URL | undefined;
  /** Hosts without a proxy: `example.com` (and all below it), `.example.com` (only below), an address, a CIDR block,
   * each with an optional `:port`; `*` for everything. */
  readonly except: readonly string[];
}

/** An HTTP request of a client: what may be shown of it. Paths, queries and headers may contain secrets. */
export interface ObservedRequest {
  readonly method: string;
  /** Host, and port if it is not the default one, that the request goes to: after a redirect, or for a token, another one. */
  readonly host: string;
  readonly resource: Resource;
  /** Whether it is for a source or a target. */
  readonly side: RepositoryRef['side'];
}

/** How a request ended: the status when the head of the answer has arrived, otherwise a code such as `ECONNRESET`. */
export interface ObservedAnswer {
  readonly status?: number | undefined;
  readonly error?: string | undefined;
}

/** Called before each request; what it returns is called once with the answer. Neither may throw. */
export type RequestObserver = (request: ObservedRequest) => (answer: ObservedAnswer) => void;

/** Options of {@link createRegistryClient}. Only `credentials` is required. */
export interface RegistryClientOptions {
  readonly credentials: CredentialProvider;
  /** Settings of the hosts that are configured; only these may have private addresses. */
  readonly hosts?: ReadonlyMap<string, HostSettings> | undefined;
  /** Hosts, beside those of `hosts`, that may have private or loopback addresses. */
  readonly trustedHosts?: ReadonlySet<string> | undefined;
  readonly userAgent?: string | undefined;
  /** Called for each mirror that is skipped for a while, with the reason; requests then go to the origin. */
  readonly onMirrorFault?: ((fault: RegistryError) => void) | undefined;
  /** Default: no proxy. */
  readonly proxies?: ProxyRules | undefined;
  /** Most blobs of 1 MiB or more in flight over all copies of this client; default 32. */
  readonly concurrentTransfers?: number | undefined;
  /**
   * Blobs up to this number of bytes are read whole and sent with one request after the POST, many at a time: a small
   * blob is mostly waiting. Default 65,536; 0: every blob is streamed.
   */
  readonly smallBlobBytes?: number | undefined;
  /** Where earlier processes put blobs; by default nothing is remembered. */
  readonly blobLocations?: BlobLocations | undefined;
  /** Uploads that earlier processes did not finish; by default none is remembered. */
  readonly uploads?: UploadJournal | undefined;
  /** How registries take uploads; by default it is learned by each client. */
  readonly uploadHabits?: UploadHabitStore | undefined;
  /** Called before each read that a source may count; absent: reads are not counted. */
  readonly pulls?: PullQuota | undefined;
  /** For traces and metrics; absent: nothing is observed, at no cost. */
  readonly observer?: RequestObserver | undefined;
  /** Timeouts that differ from the defaults (`transport/timing.ts`). */
  readonly timing?: Partial<Timing> | undefined;
}
