/** One holder for each key; the others wait in the order they came. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<void>>();

  /** @returns gives the key back @throws the signal's reason */
  async acquire(key: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#last.get(key);
    let release!: () => void;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const turn = Promise.all([before, mine]).then(() => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    });
    this.#last.set(key, turn);
    await before;
    if (signal.aborted) release();
    signal.throwIfAborted();
    return release;
  }
}
