/** A platform's limit: more messages in the time are refused, and may cost a penalty. */
export class RateRule {
  readonly #count: number;
  readonly #perMs: number;
  readonly #penaltyMs: number;
  #sent: number[] = [];
  #penaltyUntil = 0;
  /** How often the limit was exceeded. */
  violations = 0;

  /** @param penaltyMs from the message that exceeds the limit on, every message is refused for this time */
  constructor({
    count,
    perMs,
    penaltyMs = 0,
  }: {
    readonly count: number;
    readonly perMs: number;
    readonly penaltyMs?: number;
  }) {
    this.#count = count;
    this.#perMs = perMs;
    this.#penaltyMs = penaltyMs;
  }

  /** @returns whether a message at this time is within the limit */
  take(now: number): boolean {
    if (now < this.#penaltyUntil) return false;
    this.#sent = this.#sent.filter((at) => at > now - this.#perMs);
    if (this.#sent.length >= this.#count) {
      this.violations += 1;
      this.#penaltyUntil = now + this.#penaltyMs;
      return false;
    }
    this.#sent.push(now);
    return true;
  }

  /** Milliseconds until a message is taken again. */
  waitMs(now: number): number {
    const [first = now] = this.#sent;
    return Math.max(0, this.#penaltyUntil - now, this.#sent.length < this.#count ? 0 : first + this.#perMs - now);
  }
}
