/** How much the memory grows by. */
const stepBytes = 512 * 1024;
/** Reserved as address space; memory is used only for what is there. */
const mostBytes = 32 * 1024 * 1024;

/**
 * Copies of the first bytes of a blob, until it is known how the blob is hashed. Their memory goes back to the system at
 * once: left to the garbage collector, it would count until the end of a short copy.
 */
export class EarlyBytes {
  readonly #memory = new ArrayBuffer(0, { maxByteLength: mostBytes });
  #length = 0;

  get length(): number {
    return this.#length;
  }

  hasRoomFor(chunk: Buffer): boolean {
    return this.#length + chunk.length <= mostBytes;
  }

  add(chunk: Buffer): void {
    const end = this.#length + chunk.length;
    if (end > this.#memory.byteLength) this.#memory.resize(Math.ceil(end / stepBytes) * stepBytes);
    chunk.copy(Buffer.from(this.#memory, this.#length, chunk.length));
    this.#length = end;
  }

  /** Passes the bytes on in order, and releases their memory. */
  drain(take: (bytes: Buffer) => void): void {
    if (this.#length > 0) take(Buffer.from(this.#memory, 0, this.#length));
    this.#memory.resize(0);
    this.#length = 0;
  }
}
