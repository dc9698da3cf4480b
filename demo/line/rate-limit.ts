/** Keeps bytes to a rate by giving each of them the time at which it departs. */
export interface RateLimit {
  /**
   * @param readyAt when the bytes could depart if nothing were before them, ms
   * @param bytesPerSecond undefined for no limit
   * @returns when the last of them has departed, ms
   */
  reserve(bytes: number, readyAt: number, bytesPerSecond: number | undefined): number;
}

/** Gives no credit for time without bytes: a short transfer takes its whole time, as on a real line. */
export function rateLimit(): RateLimit {
  let freeAt = 0;
  return {
    reserve(bytes, readyAt, bytesPerSecond) {
      const startsAt = Math.max(freeAt, readyAt);
      if (bytesPerSecond === undefined) return readyAt;
      freeAt = startsAt + (bytes / bytesPerSecond) * 1000;
      return freeAt;
    },
  };
}
