import { dropOldest } from '../../concurrency/drop-oldest.js';
import type { Digest } from '../../oci/digest.js';
import { ByteBudget } from './byte-budget.js';
import { ConnectionLimit } from './connection-limit.js';

/**
 * What all reads of a process may hold for blobs whose parts arrive before their turn. With the partly used buffers of
 * their connections it stays below 64 MiB.
 */
const budgetBytes = 32 * 1024 * 1024;
const limitsKept = 1000;
const digestsKept = 1000;

/** What the reads of a client share when they read blobs over several connections. */
export class RangeReads {
  readonly budget = new ByteBudget(budgetBytes);
  readonly #limits = new Map<string, ConnectionLimit>();
  readonly #whole = new Set<Digest>();

  /**
   * What is known about one server's connections.
   *
   * @param source the registry in the reference
   * @param server the host that answers: a registry, a mirror, or the storage that one of them redirects to
   */
  limitOf(
    { source, server }: { readonly source: string; readonly server: string },
    { most, windowMs }: { readonly most: number; readonly windowMs: number },
  ): ConnectionLimit {
    const key = `${source} ${server}`;
    const limit = this.#limits.get(key) ?? new ConnectionLimit(most, { windowMs, now: performance.now() });
    this.#limits.delete(key);
    this.#limits.set(key, limit);
    dropOldest(this.#limits, limitsKept);
    return limit;
  }

  /** The parts of this blob made another one: from now on it is read over one connection. */
  readWhole(digest: Digest): void {
    this.#whole.add(digest);
    dropOldest(this.#whole, digestsKept);
  }

  mayDivide(digest: Digest): boolean {
    return !this.#whole.has(digest);
  }
}
