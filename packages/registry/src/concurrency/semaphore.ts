interface Waiting {
  readonly rank: number;
  readonly take: () => void;
}

/** Limits how many run at once. The others wait by rank, and within one rank in the order in which they came. */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /**
   * @param rank the highest is first
   * @returns a function that frees the slot; calling it twice does nothing. @throws the signal's reason
   */
  async acquire(signal?: AbortSignal, rank = 0): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal, rank);

    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.take();
    };
  }

  #turn(signal: AbortSignal | undefined, rank: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const waiting = { rank, take };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason as Error);
      };
      const lower = this.#waiting.findIndex((other) => other.rank < rank);
      this.#waiting.splice(lower === -1 ? this.#waiting.length : lower, 0, waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
