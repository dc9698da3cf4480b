import type { BufferLease } from '../transport/buffer-pool.js';
import { FlushRate } from './flush-rate.js';

interface HeldChunk {
  readonly chunk: Buffer;
  readonly lease: BufferLease;
}

/** All windows of a process together hold at most this many sent bytes, and one of them this many. */
const mostBytes = 32 * 1024 * 1024;
const mostBytesEach = 8 * 1024 * 1024;

/** An upload's part of the memory for bytes that were sent and may have to be sent again. */
export interface WindowShare {
  /** How fast its target takes bytes, over all uploads in flight to it. */
  readonly rate: FlushRate;
  /** What it may hold, in bytes. */
  readonly bytes: number;
  /** Calling it twice does nothing. */
  leave(): void;
}

/** Divides the memory for bytes that were sent and may have to be sent again among the uploads in flight. */
export class WindowShares {
  #members = 0;
  readonly #targets = new Map<string, { readonly rate: FlushRate; members: number }>();

  /** @param host of the target */
  join(host: string): WindowShare {
    const target = this.#targets.get(host) ?? { rate: new FlushRate(performance.now()), members: 0 };
    this.#targets.set(host, target);
    target.members += 1;
    this.#members += 1;
    const bytes = (): number => Math.min(mostBytesEach, Math.floor(mostBytes / Math.max(1, this.#members)));
    let isMember = true;
    return {
      rate: target.rate,
      get bytes() {
        return bytes();
      },
      leave: () => {
        if (!isMember) return;
        isMember = false;
        this.#members -= 1;
        target.members -= 1;
        if (target.members === 0) this.#targets.delete(host);
      },
    };
  }
}

/**
 * The bytes of an upload that wait to be sent, and the last ones that were sent: after a break they are sent again
 * without another read of the source. Offsets count from the start of the blob. The memory of each chunk is on loan
 * until the chunk leaves.
 */
export class UploadWindow {
  #chunks: HeldChunk[] = [];
  /** Of the first byte that is held. */
  #start: number;
  #end: number;
  /** Of the next byte to send, and the chunk that it is in. */
  #next: number;
  #nextChunk = 0;
  #nextChunkStart: number;

  constructor(offset: number) {
    this.#start = offset;
    this.#end = offset;
    this.#next = offset;
    this.#nextChunkStart = offset;
  }

  get start(): number {
    return this.#start;
  }

  /** Offset of the byte after the last one that is held. */
  get end(): number {
    return this.#end;
  }

  /** Offset of the next byte to send. */
  get next(): number {
    return this.#next;
  }

  append(chunk: Buffer, lease: BufferLease): void {
    lease.keep();
    this.#chunks.push({ chunk, lease });
    this.#end += chunk.length;
  }

  /** The next bytes to send, none after `limit`; undefined if there are none. */
  take(limit: number): Buffer | undefined {
    const held = this.#chunks[this.#nextChunk];
    if (held === undefined || this.#next >= limit) return undefined;
    const { chunk } = held;
    const from = this.#next - this.#nextChunkStart;
    const to = Math.min(chunk.length, limit - this.#nextChunkStart);
    this.#next += to - from;
    if (to === chunk.length) {
      this.#nextChunk += 1;
      this.#nextChunkStart += chunk.length;
    }
    return from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
  }

  /** Goes back to an offset that is held. */
  rewind(offset: number): void {
    this.#next = offset;
    this.#nextChunk = 0;
    this.#nextChunkStart = this.#start;
    for (let held = this.#chunks[0]; held !== undefined; held = this.#chunks[this.#nextChunk]) {
      if (this.#nextChunkStart + held.chunk.length > offset) break;
      this.#nextChunkStart += held.chunk.length;
      this.#nextChunk += 1;
    }
  }

  /** Releases the chunks that end before this offset, of those that were sent. */
  trim(offset: number): void {
    let count = 0;
    while (count < this.#nextChunk) {
      const held = this.#chunks[count];
      if (held === undefined || this.#start + held.chunk.length > offset) break;
      this.#start += held.chunk.length;
      held.lease.release();
      count += 1;
    }
    if (count === 0) return;
    this.#chunks.splice(0, count);
    this.#nextChunk -= count;
  }

  /** Releases everything, and continues with the byte at this offset. */
  reset(offset: number): void {
    for (const { lease } of this.#chunks) lease.release();
    this.#chunks = [];
    this.#start = offset;
    this.#end = offset;
    this.#next = offset;
    this.#nextChunk = 0;
    this.#nextChunkStart = offset;
  }
}
