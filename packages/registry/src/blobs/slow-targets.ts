/** Others must be this many times as fast without a target that is too slow for them. */
const muchFaster = 2;
/** Buffers on the way take that many bytes at once when the source flows again: they say nothing about a line. */
const burstBytes = 8 * 1024 * 1024;
/** The same factor where the rest of the blob was no more than that. */
const muchFasterWithBurst = 4;
const longestBurstMs = 3_000;
const measureMs = 500;
/** A trial whose blob has not ended by then does not keep other blobs from one. */
const longestTrialMs = 10_000;
/** Doubled each time. */
const pauseMs = 30_000;
const longestPauseMs = 600_000;
/** A slow target may have become faster after this time. */
const confirmedMs = 60_000;

interface SlowVerdict {
  readonly isSlow: boolean;
  readonly until: number;
  readonly refuted: number;
}

/**
 * Which targets of one source are much slower than the others. All targets of a blob get its bytes at the pace of the
 * slowest, even if it is slower by a hundredth only. So the first that holds the others up is dropped from one blob on
 * trial: if they are much faster without it, it is slow for all blobs. Times are milliseconds of one monotonic clock.
 */
export class SlowTargets {
  readonly #verdicts = new Map<string, SlowVerdict>();

  /** One for each blob that is read. */
  trial(): SlowTargetTrial {
    return new SlowTargetTrial(this);
  }

  isSlow(target: string, now: number): boolean {
    const verdict = this.#verdicts.get(target);
    return verdict?.isSlow === true && now < verdict.until;
  }

  mayDrop(target: string, now: number): boolean {
    const verdict = this.#verdicts.get(target);
    return verdict === undefined || verdict.isSlow || now >= verdict.until;
  }

  tries(target: string, now: number): void {
    const refuted = this.#verdicts.get(target)?.refuted ?? 0;
    this.#verdicts.set(target, { isSlow: false, until: now + longestTrialMs, refuted });
  }

  judge(target: string, isSlow: boolean, now: number): void {
    const refuted = isSlow ? 0 : (this.#verdicts.get(target)?.refuted ?? 0) + 1;
    const validMs = isSlow ? confirmedMs : Math.min(longestPauseMs, pauseMs * 2 ** (refuted - 1));
    this.#verdicts.set(target, { isSlow, until: now + validMs, refuted });
  }
}

interface Dropped {
  readonly target: string;
  readonly at: number;
  /** Of the others together, before. */
  readonly bytesPerMs: number;
  readonly settle: (isSlow: boolean) => void;
  bytes: number;
  /** Where the measurement began. */
  measured?: { readonly at: number; readonly bytes: number };
}

/** Measures the other targets of one blob after a target was dropped from it. */
export class SlowTargetTrial {
  readonly #targets: SlowTargets;
  readonly #rates = new Map<string, number>();
  #dropped: Dropped | undefined;

  constructor(targets: SlowTargets) {
    this.#targets = targets;
  }

  isSlow(target: string, now: number): boolean {
    return this.#targets.isSlow(target, now);
  }

  mayDrop(target: string, now: number): boolean {
    return this.#targets.mayDrop(target, now);
  }

  /** Records the rate of a target that keeps up. */
  hasRate(target: string, bytesPerMs: number): void {
    this.#rates.set(target, ((this.#rates.get(target) ?? bytesPerMs) + bytesPerMs) / 2);
  }

  sent(target: string, bytes: number): void {
    if (this.#dropped !== undefined && this.#dropped.target !== target) this.#dropped.bytes += bytes;
  }

  /** The target is dropped from this blob. @returns whether it is slow for the others; settles when the blob has ended */
  drops(target: string, now: number): Promise<boolean> {
    this.end(now);
    if (this.#targets.isSlow(target, now)) {
      this.#targets.judge(target, true, now);
      return Promise.resolve(true);
    }
    this.#targets.tries(target, now);
    let bytesPerMs = 0;
    for (const [other, rate] of this.#rates) if (other !== target) bytesPerMs += rate;
    return new Promise((settle) => {
      this.#dropped = { target, at: now, bytesPerMs, settle, bytes: 0 };
    });
  }

  /** Call it often. */
  check(now: number): void {
    const dropped = this.#dropped;
    if (dropped === undefined) return;
    const { at, bytes, measured } = dropped;
    if (measured === undefined) {
      if (bytes >= burstBytes || now - at >= longestBurstMs) dropped.measured = { at: now, bytes };
    } else if (now - measured.at >= measureMs) {
      this.#settle(dropped, (bytes - measured.bytes) / (now - measured.at), now);
    }
  }

  /** The blob has ended, before the measurement perhaps: then everything counts that was sent since the target left. */
  end(now: number): void {
    const dropped = this.#dropped;
    if (dropped === undefined) return;
    const { at, bytes } = dropped;
    const burst = bytes < burstBytes ? muchFasterWithBurst / muchFaster : 1;
    this.#settle(dropped, bytes / Math.max(1, now - at) / burst, now);
  }

  #settle({ target, bytesPerMs, settle }: Dropped, afterwards: number, now: number): void {
    this.#dropped = undefined;
    const isSlow = afterwards >= muchFaster * bytesPerMs && afterwards > 0;
    this.#targets.judge(target, isSlow, now);
    settle(isSlow);
  }
}
