/**
 * One copy at a time for each local repository: of two that share one, neither moves or removes the other's tags.
 */
export class RepositoryLocks {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for all of them. @returns gives them back. @throws the signal's reason */
  async acquire(repositories: readonly string[], signal?: AbortSignal): Promise<() => void> {
    const held: (() => void)[] = [];
    const release = (): void => {
      for (const give of held) give();
    };
    try {
      // In one order for everybody: two that want the same two never wait for each other.
      for (const repository of [...new Set(repositories)].sort()) held.push(await this.#one(repository, signal));
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #one(repository: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#last.get(repository) ?? Promise.resolve();
    let give = (): void => {};
    const mine = new Promise<void>((resolve) => {
      give = resolve;
    });
    const chain = before.then(() => mine);
    this.#last.set(repository, chain);
    void chain.then(() => {
      if (this.#last.get(repository) === chain) this.#last.delete(repository);
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
