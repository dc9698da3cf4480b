import { PooledBuffer, pooledBufferBytes } from '../transport/buffer-pool.js';

/** Copies of the first bytes of a blob, until it is known how the blob is hashed. */
export class EarlyBytes {
  readonly #slabs: PooledBuffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      const used = this.#length % pooledBufferBytes;
      const copied = chunk.copy(this.#slabFor(used).bytes, used, at);
      at += copied;
      this.#length += copied;
    }
  }

  /** Passes the bytes on in order, and releases their memory. */
  drain(take: (bytes: Buffer) => void): void {
    let left = this.#length;
    for (const slab of this.#slabs.splice(0)) {
      take(slab.bytes.subarray(0, left));
      left -= pooledBufferBytes;
      slab.release();
    }
    this.#length = 0;
  }

  #slabFor(used: number): PooledBuffer {
    const last = this.#slabs.at(-1);
    if (last !== undefined && used > 0) return last;
    const slab = PooledBuffer.take();
    this.#slabs.push(slab);
    return slab;
  }
}
