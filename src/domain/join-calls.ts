/**
 * Joins calls that come at nearly the same time: what is passed before a call of `work` begins is part of it, and what is
 * passed while it is in progress is part of the next one.
 *
 * @param pause before each call of `work`
 * @returns a function that ends when what it was passed is done, or rejects with the error of that call
 */
export function joinCalls<T>(
  work: (all: readonly T[]) => Promise<unknown>,
  pause: () => Promise<unknown>,
): (added: readonly T[]) => Promise<void> {
  let waiting: T[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return async (added) => {
    if (added.length === 0) return;
    waiting.push(...added);
    next ??= last.then(async () => {
      await pause();
      const all = waiting;
      waiting = [];
      next = undefined;
      await work(all);
    });
    last = next.catch(() => {});
    await next;
  };
}
