import type { Digest } from '../oci/digest.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';

/** A lock for one blob in one target repository and its registry, so that no two uploads send the same blob at once. */
export class BlobLock {
  readonly #client: RegistryClient;
  readonly #host: string;
  readonly #key: string;
  readonly #hostKey: string;
  #held: HeldLock | undefined;

  constructor(client: RegistryClient, { host, repository }: RepositoryRef, digest: Digest) {
    this.#client = client;
    this.#host = host;
    this.#key = `${host}/${repository}@${digest}`;
    this.#hostKey = `${host}@${digest}`;
  }

  /** @returns false when another upload brings this blob to this repository right now */
  take(): boolean {
    const { inFlight } = this.#client;
    if (inFlight.has(this.#key)) return false;
    const leadsHost = !inFlight.has(this.#hostKey);
    const keys = leadsHost ? [this.#key, this.#hostKey] : [this.#key];
    const over = new Promise<void>((resolve) => {
      const release = (): void => {
        for (const key of keys) inFlight.delete(key);
        resolve();
      };
      this.#held = { leadsHost, release };
    });
    for (const key of keys) inFlight.set(key, over);
    return true;
  }

  release(): void {
    this.#held?.release();
    this.#held = undefined;
  }

  /** The other waits until the holder of this one has brought the blob to their registry, so that it can mount it. */
  isLeaderOf(other: BlobLock): boolean {
    return this !== other && this.#held?.leadsHost === true && this.#hostKey === other.#hostKey;
  }

  /** Waits until no other upload holds the lock, and takes it. */
  async acquire(): Promise<void> {
    while (this.#held === undefined) {
      // The HEAD that follows shows if the other upload succeeded.
      await this.#client.inFlight.get(this.#key);
      this.take();
    }
  }

  /** Another image brings the blob to another repository of this registry: it is mounted from there, not sent twice. */
  async untilHostHasIt(): Promise<void> {
    if (this.#held?.leadsHost === true || this.#client.host(this.#host).mountsBroken) return;
    await this.#client.inFlight.get(this.#hostKey);
  }
}

/** While this is held, no other upload brings the blob there. */
interface HeldLock {
  /** Others bring it to other repositories of the registry, and wait so that they can mount it from this one. */
  readonly leadsHost: boolean;
  readonly release: () => void;
}
