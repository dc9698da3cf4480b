import type { RegistryHost } from '../transport/registry-host.js';

/** A smaller chunk costs more in round trips than it can save. */
const leastBytes = 1024 * 1024;
/** Below the limit of 20 MB that some registries have for one request (goharbor/harbor#23016). */
const afterRefusalBytes = 16 * 1024 * 1024;

/**
 * How many bytes of one blob go into one request: all of them, unless the registry refused that, or the line breaks
 * before they are through and the registry forgets what a broken request has brought.
 */
export class ChunkSizes {
  readonly #host: RegistryHost;
  readonly #size: number;
  #mostBytes = Infinity;

  constructor(host: RegistryHost, size: number) {
    this.#host = host;
    this.#size = size;
  }

  /** The end of the request that begins at this offset. */
  endOf(start: number): number {
    const { leastChunkBytes } = this.#host.uploadHabits;
    const most = this.#isOneRequest ? Infinity : Math.max(this.#most(), leastChunkBytes);
    return Math.min(this.#size, start + most);
  }

  /** @returns false if no smaller request is possible */
  refused(bytes: number): boolean {
    const { leastChunkBytes } = this.#host.uploadHabits;
    const smaller = Math.max(leastBytes, Math.min(afterRefusalBytes, Math.floor(bytes / 2)));
    if (this.#isOneRequest || smaller >= bytes || smaller < leastChunkBytes) return false;
    this.#mostBytes = smaller;
    return true;
  }

  /** A request of this many bytes was accepted. */
  accepted(bytes: number): void {
    if (bytes === this.#mostBytes) this.#host.uploadHabits.learn({ mostBodyBytes: bytes });
  }

  get #isOneRequest(): boolean {
    return this.#host.monolithicUploads || this.#host.uploadHabits.takesChunks === false;
  }

  #most(): number {
    const { afterBreak, bytesBetweenBreaks, mostBodyBytes } = this.#host.uploadHabits;
    const accepted = Math.min(this.#mostBytes, mostBodyBytes);
    if (bytesBetweenBreaks === undefined || afterBreak === 'keeps-bytes') return accepted;
    return Math.min(accepted, Math.max(leastBytes, Math.floor(bytesBetweenBreaks / 2)));
  }
}
