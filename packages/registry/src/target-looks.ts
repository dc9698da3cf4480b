import { lookForBlob } from './blobs/blob-presence.js';
import { isProven } from './blobs/blob-proof.js';
import type { Blob } from './blobs/image-blobs.js';
import { headManifestAt } from './manifests/manifest-exchange.js';
import type { ManifestHead } from './manifests/manifest-exchange.js';
import type { Digest } from './oci/digest.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';

/** After this time another program may well have brought a blob that was missing. */
const freshMs = 60_000;

interface BlobLook {
  readonly at: number;
  readonly isThere: Promise<boolean>;
}

/**
 * What a target has of an image. Each question is asked by one HEAD (a proof by a GET of one byte), all of them side by
 * side, and as soon as it is known that it will matter: its answer then comes while the source is still being read.
 */
export class TargetLooks {
  /** A blob counts as there only if its first byte arrives; otherwise a HEAD is believed. */
  readonly proves: boolean;
  readonly #client: RegistryClient;
  readonly #repo: RepositoryRef;
  readonly #signal: AbortSignal;
  readonly #manifests = new Map<Digest, Promise<ManifestHead | undefined>>();
  readonly #blobs = new Map<Digest, BlobLook>();

  constructor(
    client: RegistryClient,
    repo: RepositoryRef,
    { proves, signal }: { readonly proves: boolean; readonly signal: AbortSignal },
  ) {
    this.#client = client;
    this.#repo = repo;
    this.proves = proves;
    this.#signal = signal;
  }

  /** Asks now what will be needed soon. A fault is thrown to the one who needs it. */
  begin({
    manifests = [],
    blobs = [],
  }: {
    readonly manifests?: readonly Digest[];
    readonly blobs?: readonly Blob[];
  }): void {
    for (const digest of manifests) this.manifest(digest).catch(() => {});
    for (const blob of blobs) {
      if (!this.#blobs.has(blob.digest)) this.#blobs.set(blob.digest, this.#look(blob));
    }
  }

  /** @returns undefined if the target lacks it or does not reveal it @throws RegistryFault */
  manifest(digest: Digest): Promise<ManifestHead | undefined> {
    const known = this.#manifests.get(digest);
    if (known !== undefined) return known;
    const look = this.#inTurn(
      async (options) =>
        await headManifestAt(this.#client, this.#repo, digest, { deniedIsAbsent: true, isRare: true, ...options }),
    );
    this.#manifests.set(digest, look);
    return look;
  }

  /**
   * Checks if the target holds a blob. Each answer is given once: a second question is about what has changed.
   *
   * @throws RegistryFault
   */
  async hasBlob(blob: Blob): Promise<boolean> {
    const look = this.#blobs.get(blob.digest);
    this.#blobs.delete(blob.digest);
    const { host, repository } = this.#repo;
    // Another copy of this process has brought it meanwhile.
    const isNews = this.#client.blobLocationCache.of(host, blob.digest).includes(repository);
    if (look === undefined || performance.now() - look.at > freshMs) return await this.#look(blob).isThere;
    return (await look.isThere) || (isNews && (await this.#look(blob).isThere));
  }

  #look(blob: Blob): BlobLook {
    const isThere = this.#inTurn(async (options) =>
      this.proves
        ? await isProven(this.#client, this.#repo, blob, options)
        : (await lookForBlob(this.#client, this.#repo, blob, options)) === 'there',
    );
    isThere.catch(() => {});
    return { at: performance.now(), isThere };
  }

  async #inTurn<T>(look: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
    const leave = await this.#client.host(this.#repo.host).looks.acquire(this.#signal);
    try {
      return await look({ signal: this.#signal });
    } finally {
      leave();
    }
  }
}
