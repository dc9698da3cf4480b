/** Bytes that were read ahead and wait for their turn, over all reads of a process. */
export class ByteBudget {
  readonly #limitBytes: number;
  readonly #onRoom = new Set<() => void>();
  #usedBytes = 0;
  #isFull = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** From the limit on, until a quarter of it is free again: connections are not paused and resumed for each chunk. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Bytes that may still be taken. */
  get freeBytes(): number {
    return Math.max(0, this.#limitBytes - this.#usedBytes);
  }

  /** Books bytes that have arrived: they may exceed the limit by what each connection reads at once. */
  take(bytes: number): void {
    this.#usedBytes += bytes;
    if (this.#usedBytes >= this.#limitBytes) this.#isFull = true;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    if (!this.#isFull || this.#usedBytes > 0.75 * this.#limitBytes) return;
    this.#isFull = false;
    for (const notify of this.#onRoom) notify();
  }

  /** Calls back whenever a full budget has room again. @returns a function that ends that */
  whenRoom(notify: () => void): () => void {
    this.#onRoom.add(notify);
    return () => this.#onRoom.delete(notify);
  }
}
