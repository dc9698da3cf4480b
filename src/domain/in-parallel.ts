/**
 * Runs `work` for each item in the order of `items`, at most `width` at the same time. After an error no other item is
 * started.
 *
 * @throws the first error; work in flight continues
 */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = each(items);
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}

/** The loops share one generator. A loop that throws closes it, which ends the others. */
function* each<T>(items: Iterable<T>): Generator<T> {
  yield* items;
}
