import type { RegistryHost } from '../transport/registry-host.js';
import { provingBytes } from './upload-habits.js';

/** A smaller chunk costs more in round trips than it can save. */
const leastBytes = 1024 * 1024;
/** Below the limit of 20 MB that some registries have for one request (goharbor/harbor#23016). */
const afterRefusalBytes = 16 * 1024 * 1024;
/** What a break may cost while it is not known if the line breaks: a twenty-fourth of the blob, within these limits. */
const mostLossShare = 1 / 24;
const leastDoubtfulBytes = 4 * 1024 * 1024;
const mostDoubtfulBytes = provingBytes / 2;

/**
 * How many bytes of one blob go into one request: all of them, unless the registry refused that, or the line breaks
 * before they are through and the registry forgets what a broken request has brought. Where that is not known, but likely,
 * a large blob begins in parts until the line has shown that it holds.
 */
export class ChunkSizes {
  readonly #host: RegistryHost;
  readonly #size: number;
  readonly #isWhole: boolean;
  #mostBytes = Infinity;

  /** @param options.isWhole parts of this blob did not fit together once: it is sent in parts only where it must be */
  constructor(host: RegistryHost, size: number, { isWhole }: { readonly isWhole: boolean }) {
    this.#host = host;
    this.#size = size;
    this.#isWhole = isWhole;
  }

  /** The blob is larger than what may be lost by one break that is not expected. */
  get isDoubtful(): boolean {
    return !this.#isWhole && !this.#isOneRequest && this.#size > provingBytes && this.#host.uploadHabits.isDoubtful;
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
    if (bytesBetweenBreaks !== undefined && afterBreak !== 'keeps-bytes')
      return Math.min(accepted, Math.max(leastBytes, Math.floor(bytesBetweenBreaks / 2)));
    return this.isDoubtful ? Math.min(accepted, this.#doubtfulBytes) : accepted;
  }

  get #doubtfulBytes(): number {
    return Math.min(mostDoubtfulBytes, Math.max(leastDoubtfulBytes, Math.ceil(this.#size * mostLossShare)));
  }
}
