import type { Digest } from '../domain/digest.js';

const ENTRIES_KEPT = 50_000;

/** Which repositories of which host were seen to hold a blob: candidates for a mount. The oldest are forgotten. */
export class BlobHomes {
  readonly #repositories = new Map<string, Set<string>>();

  add(host: string, repository: string, digest: Digest): void {
    const key = `${host} ${digest}`;
    const known = this.#repositories.get(key) ?? new Set();
    known.add(repository);
    this.#repositories.delete(key);
    this.#repositories.set(key, known);
    for (const oldest of this.#repositories.keys()) {
      if (this.#repositories.size <= ENTRIES_KEPT) return;
      this.#repositories.delete(oldest);
    }
  }

  remove(host: string, repository: string, digest: Digest): void {
    this.#repositories.get(`${host} ${digest}`)?.delete(repository);
  }

  of(host: string, digest: Digest): readonly string[] {
    return [...(this.#repositories.get(`${host} ${digest}`) ?? [])];
  }
}
