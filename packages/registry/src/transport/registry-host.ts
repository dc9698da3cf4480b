import { connect as connectTls } from 'node:tls';

import { HostLane } from '../blobs/host-lane.js';
import { ReadRate } from '../blobs/read-rate.js';
import { SlowTargets } from '../blobs/slow-targets.js';
import { LearnedUploadHabits } from '../blobs/upload-habits.js';
import type { CredentialProvider, HostSettings, ProxyRules, RequestObserver } from '../client-options.js';
import { Semaphore } from '../concurrency/semaphore.js';
import type { Digest } from '../oci/digest.js';
import type { PullQuota } from '../pull-quota.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { UploadHabitStore } from '../upload-records.js';
import { bareHostname, isLoopbackName, isPublicAddress, publicOnly, withoutMetadata } from './address-guard.js';
import type { AddressGuard } from './address-guard.js';
import { HostAuthorization } from './authorization.js';
import type { TokenSource } from './authorization.js';
import type { BodyBudgets } from './body-budget.js';
import { Connections } from './connections.js';
import type { Network } from './exchange.js';
import { unannouncedBytes } from './expect-continue.js';
import type { MirrorList } from './mirror-list.js';
import { networkFault } from './network-fault.js';
import { apiHosts, isKnownFor } from './quirks.js';
import { rest } from './retrying.js';
import type { Timing } from './timing.js';

/** Measured: more gain nothing where one connection carries 2 MB/s of 20, or 8 of 60. */
const connectionsAtOnce = 16;
const looksAtOnce = 32;
/** On a shorter line a connection is opened as soon as it is needed. */
const longRoundTripMs = 15;

export interface RegistryHostOptions {
  readonly settings: HostSettings;
  /** Configured or typed by the user: may have a private address. */
  readonly trusted: boolean;
  readonly credentials: CredentialProvider;
  readonly requestToken: TokenSource;
  readonly timing: Timing;
  readonly userAgent: string;
  readonly proxies: ProxyRules;
  readonly mirrors: MirrorList<RegistryHost>;
  readonly bodies: BodyBudgets;
  readonly pulls?: PullQuota | undefined;
  readonly uploadHabits?: UploadHabitStore | undefined;
  readonly observer?: RequestObserver | undefined;
}

/** Everything the client knows about one registry host: address, connections, authorization, learned capabilities. */
export class RegistryHost {
  readonly host: string;
  readonly timing: Timing;
  readonly userAgent: string;
  readonly authorization: HostAuthorization;
  readonly mirrors: MirrorList<RegistryHost>;
  /** Limits the memory of bodies that are read whole, over all hosts of a process. */
  readonly bodies: BodyBudgets;
  /** Counts what is read from sources; undefined without a database. */
  readonly pulls: PullQuota | undefined;
  /** Gets each request; undefined: requests are not observed. */
  readonly observer: RequestObserver | undefined;
  /** Answers here have named an allowance for pulls. */
  metersPulls = false;
  /** Limit how many blobs are in flight: from here as a source, and to here as a target. */
  readonly lanes: Readonly<Record<RepositoryRef['side'], HostLane>>;
  readonly readPace: ReadRate | undefined;
  /** Which targets are too slow for the others that get blobs from here. */
  readonly slowTargets = new SlowTargets();
  /** Limits the connections over which blobs are read from here. */
  readonly readConnections: number;
  /** When it last answered that it is busy (429, 503) instead of sending a blob; milliseconds of the monotonic clock. */
  refusedBlobAt = -Infinity;
  /** Limits how many HEADs ask at once what a target has: registries take hundreds for an attack. */
  readonly looks = new Semaphore(looksAtOnce);
  /** Redirects of a blob from TLS to plain HTTP are followed: its digest is checked, and no credentials go there. */
  readonly followsToPlainHttp: boolean;
  /** Anonymous tokens for hosts that this one redirects to. */
  readonly redirectTokens = new Map<string, string>();
  /** What happens here to an upload whose request broke, and in which pieces a blob may be sent. */
  readonly uploadHabits: LearnedUploadHabits;
  /** PATCH does not work here (learned, or known): upload by one PUT. */
  monolithicUploads: boolean;
  /** A mount was made, and a HEAD found the blob afterwards. */
  mountsProven = false;
  /** Mounts were confirmed here but not made. */
  mountsBroken = false;
  /** A blob was committed and found there afterwards. */
  commitsProven = false;
  /** The look that will show it; it never rejects. */
  commitProof: Promise<void> | undefined;
  /** The same for a manifest that was put by its digest. */
  manifestsProven = false;
  manifestProof: Promise<void> | undefined;
  /** A body of this size was accepted here, or is small enough to be sent unannounced. */
  bodyLetThrough = unannouncedBytes;
  /** A HEAD of a manifest was answered here; false: HEAD was refused for a manifest that GET returned. */
  answersHeads: boolean | undefined;
  /** How often GET found nothing after a HEAD that found nothing. */
  doubtedHeads = 0;
  /** The data of an upload was redirected here: later uploads find out the URL before they send data. */
  redirectsUploads = false;
  /** Unusual kinds of manifests that were not refused here, by the digest of the manifest that probed them. */
  readonly takenKinds = new Set<Digest>();
  /** The shortest time that an answer took, in milliseconds. */
  #fastestAnswerMs = Infinity;
  readonly #options: RegistryHostOptions;
  readonly #connections: Connections;
  #base: Promise<URL> | undefined;
  #privateAddressSeen = false;
  #heldUntil = 0;

  constructor(host: string, options: RegistryHostOptions) {
    this.host = host;
    this.timing = options.timing;
    this.userAgent = options.userAgent;
    this.mirrors = options.mirrors;
    this.bodies = options.bodies;
    this.pulls = options.pulls;
    this.observer = options.observer;
    const { concurrentBlobs, readBytesPerSecond, readConnections } = options.settings;
    this.lanes = { source: new HostLane(concurrentBlobs), target: new HostLane(concurrentBlobs) };
    this.readConnections = readConnections ?? concurrentBlobs ?? connectionsAtOnce;
    this.readPace = readBytesPerSecond === undefined ? undefined : new ReadRate(readBytesPerSecond);
    this.followsToPlainHttp = options.settings.allowHttpBlobRedirects === true;
    this.monolithicUploads = isKnownFor('one-put', host);
    this.uploadHabits = new LearnedUploadHabits(host, {
      known: this.monolithicUploads || isKnownFor('no-chunks', host) ? { takesChunks: false } : {},
      store: options.uploadHabits,
    });
    this.#options = options;
    this.#connections = new Connections(options.settings, options.proxies);
    this.authorization = new HostAuthorization(host, options.credentials, options.requestToken);
  }

  /** `https://registry-1.docker.io/`; on loopback, whatever is spoken there. @throws RegistryError */
  async base(repo: RepositoryRef, signal?: AbortSignal): Promise<URL> {
    this.#base ??= this.#findBase(repo);
    try {
      return await this.#base;
    } catch (error) {
      this.#base = undefined;
      signal?.throwIfAborted();
      throw error;
    }
  }

  /**
   * How to connect to a URL of this host, or to one that this host redirected to. Another host may be private only if
   * this registry is trusted and private itself: a public one must not point into the network from which it is copied.
   * No redirect may point to the addresses where clouds keep a machine's secrets.
   *
   * @throws RegistryError `private-address`
   */
  network(url: URL, own: boolean): Network {
    const guard = this.#guardOf(own);
    guard?.assertHostname(url.hostname);
    return {
      ...this.#connections.route(url, own),
      ...(guard === undefined ? {} : { lookup: guard.lookup }),
      ...(own ? { onConnected: (remoteAddress) => this.connectedTo(url, remoteAddress) } : {}),
    };
  }

  #guardOf(own: boolean): AddressGuard | undefined {
    if (!this.#options.trusted || (!own && !this.#privateAddressSeen)) return publicOnly;
    return own ? undefined : withoutMetadata;
  }

  /** Remembers what kind of address the registry itself has; behind a proxy it is not known. */
  connectedTo(url: URL, remoteAddress: string | undefined): void {
    if (this.#privateAddressSeen || remoteAddress === undefined) return;
    if (this.#connections.proxyOf(url) !== undefined) return;
    this.#privateAddressSeen = !isPublicAddress(remoteAddress);
  }

  /**
   * Where the first request may go while it is still being found out whether TLS is spoken: on a loopback host without a
   * scheme. Its answer counts only if TLS is not spoken.
   */
  async plainGuess(): Promise<URL | undefined> {
    if (this.#base !== undefined || this.#options.settings.scheme !== undefined) return undefined;
    const plain = new URL(`http://${apiHosts[this.host] ?? this.host}/`);
    if (!isLoopbackName(plain.hostname)) return undefined;
    await this.#connections.ready();
    return plain;
  }

  /** Notes how long an answer took. */
  answeredIn(milliseconds: number): void {
    this.#fastestAnswerMs = Math.min(this.#fastestAnswerMs, milliseconds);
  }

  /** Opens connections for this many requests that will follow, if waiting for them would take long. */
  async openAhead(repo: RepositoryRef, requests: number): Promise<void> {
    if (this.#fastestAnswerMs === Infinity || this.#fastestAnswerMs < longRoundTripMs) return;
    const base = await this.base(repo);
    const network = this.network(base, true);
    const { concurrentBlobs = requests } = this.#options.settings;
    network.heads?.open(base, network, Math.min(requests, concurrentBlobs));
  }

  /** Sends no request to this host for this time: the host demanded the pause. */
  hold(milliseconds: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + Math.min(milliseconds, this.timing.longestPauseMs));
  }

  async ready(signal?: AbortSignal): Promise<void> {
    for (let left = this.#heldUntil - performance.now(); left > 0; left = this.#heldUntil - performance.now()) {
      await rest(left, signal);
    }
  }

  close(): void {
    this.#connections.close();
  }

  async #findBase(repo: RepositoryRef): Promise<URL> {
    await this.#connections.ready();
    const { scheme } = this.#options.settings;
    const name = apiHosts[this.host] ?? this.host;
    const secure = new URL(`https://${name}/`);
    const plain = new URL(`http://${name}/`);
    if (scheme !== undefined) return scheme === 'http' ? plain : secure;
    if (!isLoopbackName(secure.hostname)) return secure;
    this.network(secure, true);
    return (await speaksTls(secure, repo, this.timing)) ? secure : plain;
  }
}

/** Checks only if TLS is spoken: the requests that follow verify certificates. */
function speaksTls(url: URL, repo: RepositoryRef, { connectMs }: Timing): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const host = bareHostname(url.hostname);
    const socket = connectTls({ host, port: Number(url.port || 443), rejectUnauthorized: false });
    let connected = false;
    socket.setTimeout(connectMs, () => settle(() => resolve(false)));
    socket.once('connect', () => {
      connected = true;
    });
    socket.once('secureConnect', () => settle(() => resolve(true)));
    socket.once('error', (error) =>
      settle(() => (connected ? resolve(false) : reject(networkFault(error, repo, url)))),
    );

    function settle(then: () => void): void {
      socket.on('error', () => {});
      socket.destroy();
      then();
    }
  });
}
