/** One holder for each key; the others wait in the order in which they came. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for all of them. @returns a function that releases them @throws the signal's reason, as soon as it aborts */
  async acquire(keys: readonly string[], signal?: AbortSignal): Promise<() => void> {
    const held: (() => void)[] = [];
    const release = (): void => {
      for (const give of held) give();
    };
    try {
      // Everyone takes keys in the same order: two holders of the same two keys never wait for each other.
      for (const key of [...new Set(keys)].sort()) held.push(await this.#one(key, signal));
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #one(key: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let give = (): void => {};
    const mine = new Promise<void>((resolve) => {
      give = resolve;
    });
    const chain = before.then(() => mine);
    this.#last.set(key, chain);
    void chain.then(() => {
      if (this.#last.get(key) === chain) this.#last.delete(key);
    });
    try {
      await abortable(before, signal);
      return give;
    } catch (error) {
      give();
      throw error;
    }
  }
}

function abortable(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    void turn.then(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}
