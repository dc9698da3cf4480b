/** Older waits lose their weight as soon as there are this many milliseconds of newer ones. */
const rememberedMs = 2_000;

/** One target's part in them. */
export interface HoldUpsOf {
  add(ms: number): void;
  /** 0 to 1. */
  share(): number;
}

/**
 * For how long reads of one source have waited for one target alone, over all blobs in flight. Blobs that are sent over
 * several connections of two equal lines wait now for one target and now for the other: neither is slow.
 */
export class HoldUps {
  readonly #msByTarget = new Map<string, number>();
  #totalMs = 0;

  of(target: string): HoldUpsOf {
    return {
      add: (ms) => this.#add(target, ms),
      share: () => (this.#totalMs === 0 ? 1 : (this.#msByTarget.get(target) ?? 0) / this.#totalMs),
    };
  }

  #add(target: string, ms: number): void {
    this.#msByTarget.set(target, (this.#msByTarget.get(target) ?? 0) + ms);
    this.#totalMs += ms;
    if (this.#totalMs <= rememberedMs) return;
    for (const [each, waited] of this.#msByTarget) this.#msByTarget.set(each, waited / 2);
    this.#totalMs /= 2;
  }
}
