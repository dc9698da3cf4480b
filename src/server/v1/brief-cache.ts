/** Keeps an answer for some time, and lets callers that come at once share one question. Faults are not kept. */
export function kept<T>(forMs: number, ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let until = 0;
  return async () => {
    if (answer === undefined || performance.now() > until) {
      const asked = ask();
      answer = asked;
      until = Number.POSITIVE_INFINITY;
      asked.then(
        () => void (until = performance.now() + forMs),
        () => void (answer = answer === asked ? undefined : answer),
      );
    }
    return await answer;
  };
}
