import { targetTagKey } from '../domain/target-tag.js';

/**
 * Lets one attempt at a time handle an image, or another one with its tag, in this process. Temporal starts the next
 * attempt of an activity when the heartbeats of one stop, and the one may still be at work: its process was stopped for a
 * moment, or `sync-all` was terminated and started again. It learns that with its next heartbeat.
 */
export class ImageTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` when nothing else is at work on the image. @throws the signal's reason if it aborts before */
  async run<T>(image: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const key = targetTagKey(image);
    const before = this.#last.get(key);
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    const last = before === undefined ? over : before.then(async () => await over);
    this.#last.set(key, last);
    try {
      if (before !== undefined) await unlessAborted(before, signal);
      return await work();
    } finally {
      end();
      if (this.#last.get(key) === last) this.#last.delete(key);
    }
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}
