import type { BlobLocations } from '../client-options.js';
import { dropOldest } from '../concurrency/drop-oldest.js';
import type { Digest } from '../oci/digest.js';
import type { RepositoryRef } from '../repository-ref.js';

const maxEntries = 50_000;

/**
 * Which repositories of which host hold a blob: candidates for a mount. Keeps what this process saw itself and forgets
 * the oldest first; `locations` remembers beyond this process.
 */
export class BlobLocationCache {
  readonly #repositories = new Map<string, Set<string>>();
  readonly #locations: BlobLocations | undefined;

  constructor(locations?: BlobLocations) {
    this.#locations = locations;
  }

  /** Queries many blobs before they go from a source to a host; a source on the same registry holds them all. */
  async learn(
    host: string,
    digests: readonly Digest[],
    source: Pick<RepositoryRef, 'host' | 'repository'>,
  ): Promise<void> {
    if (source.host === host) for (const digest of digests) this.add(host, source.repository, digest);
    if (this.#locations === undefined || digests.length === 0) return;
    const known = await this.#locations.known(host, digests);
    for (const digest of digests) {
      for (const repository of known.get(digest) ?? []) this.add(host, repository, digest);
    }
  }

  /** Remembers blobs beyond this process: a finished tag needs them, so the registry keeps them. */
  async remember(host: string, repository: string, digests: readonly Digest[]): Promise<void> {
    if (digests.length > 0) await this.#locations?.record(host, repository, digests);
  }

  add(host: string, repository: string, digest: Digest): void {
    const key = `${host} ${digest}`;
    const known = this.#repositories.get(key) ?? new Set();
    known.add(repository);
    this.#repositories.delete(key);
    this.#repositories.set(key, known);
    dropOldest(this.#repositories, maxEntries);
  }

  /** Forgets a repository from which the registry did not mount the blob. */
  async remove(host: string, repository: string, digest: Digest): Promise<void> {
    this.#repositories.get(`${host} ${digest}`)?.delete(repository);
    await this.#locations?.forget(host, repository, digest);
  }

  of(host: string, digest: Digest): readonly string[] {
    return [...(this.#repositories.get(`${host} ${digest}`) ?? [])];
  }
}
