import { BlobLocationCache } from './blobs/blob-location-cache.js';
import { RangeReads } from './blobs/ranges/range-reads.js';
import { TransferQueue } from './blobs/transfer-queue.js';
import { WindowShares } from './blobs/upload-window.js';
import type { RegistryClientOptions } from './client-options.js';
import { KeyedLock } from './concurrency/keyed-lock.js';
import { ContentCache } from './manifests/content-cache.js';
import { BodyBudgets } from './transport/body-budget.js';
import { unannouncedBytes } from './transport/expect-continue.js';
import { MirrorList } from './transport/mirror-list.js';
import { RegistryHost } from './transport/registry-host.js';
import { defaultTiming } from './transport/timing.js';
import { requestToken } from './transport/token-endpoint.js';
import type { UploadJournal } from './upload-records.js';

const cacheBytes = 16 * 1024 * 1024;
const transfersAtOnce = 32;

/** Connections, tokens and learned capabilities that copies share. One per process; `close` it after the last copy. */
export interface RegistryClient {
  /** @internal What is known of one registry, made on first use. */
  host(name: string): RegistryHost;
  /** @internal Cache of manifests that were read. */
  readonly contents: ContentCache;
  /** @internal Limits the memory of bodies that are read whole, over all hosts and images. */
  readonly bodies: BodyBudgets;
  /** @internal What reads of blobs over several connections share. */
  readonly ranges: RangeReads;
  /** @internal Where blobs are known to be. */
  readonly blobLocationCache: BlobLocationCache;
  /** @internal Blobs in flight, by target repository or host, and digest: no two uploads send the same blob at once. */
  readonly inFlight: Map<string, Promise<unknown>>;
  /** @internal Memory for bytes that may have to be sent again. */
  readonly uploadWindows: WindowShares;
  /** @internal Uploads that earlier processes did not finish; undefined: none is remembered. */
  readonly uploads: UploadJournal | undefined;
  /** @internal Tags that are read, changed and written. */
  readonly tagLocks: KeyedLock;
  /** @internal Gives slots to the transfers of all copies. */
  readonly transfers: TransferQueue;
  /** @internal Blobs up to this size are read whole, and sent with one request. */
  readonly smallBlobBytes: number;
  /** Ends every connection. */
  close(): void;
}

/**
 * createRegistryClient creates a client. It opens no connection before the first request. Connections, tokens and what
 * is learned about each registry are shared by everything that uses the client, so a process needs one. Only the hosts
 * in `trustedHosts`, and those in `hosts` with more than limits, may have private addresses.
 *
 * @param options only `credentials` is required; return `undefined` from it for anonymous access
 * @returns a client; call `close` when nothing uses it any more
 */
export function createRegistryClient({
  credentials,
  hosts = new Map(),
  trustedHosts = new Set(),
  userAgent = 'image-ferry',
  proxies = { except: [] },
  onMirrorFault = () => {},
  timing = {},
  pulls,
  concurrentTransfers = transfersAtOnce,
  blobLocations,
  smallBlobBytes = unannouncedBytes,
  uploads,
  uploadHabits,
  observer,
}: RegistryClientOptions): RegistryClient {
  const registryHosts = new Map<string, RegistryHost>();
  const bodies = new BodyBudgets();
  const host = (name: string): RegistryHost => {
    const existing = registryHosts.get(name);
    if (existing !== undefined) return existing;
    const settings = hosts.get(name);
    const made: RegistryHost = new RegistryHost(name, {
      settings: settings ?? {},
      mirrors: new MirrorList(settings?.mirrors ?? [], host, onMirrorFault),
      trusted: (settings !== undefined && settings.trusted !== false) || trustedHosts.has(name),
      credentials,
      requestToken: (query, known, repo) => requestToken(made, query, known, repo),
      timing: { ...defaultTiming, ...timing },
      userAgent,
      proxies,
      bodies,
      uploadHabits,
      pulls,
      observer,
    });
    registryHosts.set(name, made);
    return made;
  };
  return {
    host,
    transfers: new TransferQueue(concurrentTransfers),
    contents: new ContentCache(cacheBytes),
    bodies,
    ranges: new RangeReads(),
    blobLocationCache: new BlobLocationCache(blobLocations),
    inFlight: new Map(),
    uploadWindows: new WindowShares(),
    uploads,
    tagLocks: new KeyedLock(),
    smallBlobBytes,
    close() {
      for (const known of registryHosts.values()) known.close();
    },
  };
}
