/**
 * Memory on loan for bytes that were read: a receiver that needs them after its call keeps the lease, and releases it
 * when they are gone. Memory that is never released (its connection broke) is lost only to the pool, not to node.
 */
export interface BufferLease {
  keep(): void;
  release(): void;
}

/** For bytes that belong to their holder. */
export const unpooled: BufferLease = { keep() {}, release() {} };

/** The most that one read takes; node's own reads take 64 KiB, and each costs the same. */
export const pooledBufferBytes = 512 * 1024;
/** The amount that is kept for the next reads, 8 MiB. */
const maxIdle = 16;

/** The amount while many connections read at the same time: new memory for each read would wait for the garbage collector. */
const maxIdleOfMany = 80;

let reads = 0;

/** Last in, first out: the memory used last is still in the processor's cache. */
const idle: PooledBuffer[] = [];

/** A piece of memory for many reads. It is used again as soon as its last holder releases it. */
export class PooledBuffer implements BufferLease {
  readonly bytes = Buffer.allocUnsafeSlow(pooledBufferBytes);
  #holders = 0;

  /** Returns a buffer that only the caller holds. */
  static take(): PooledBuffer {
    const slab = idle.pop() ?? new PooledBuffer();
    slab.keep();
    return slab;
  }

  /** Keeps more memory for the next reads, until the function that it returns is called. */
  static keepMore(): () => void {
    reads += 1;
    return () => {
      reads -= 1;
      if (reads === 0) idle.splice(maxIdle);
    };
  }

  keep(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0 && idle.length < (reads > 0 ? maxIdleOfMany : maxIdle)) idle.push(this);
  }
}
