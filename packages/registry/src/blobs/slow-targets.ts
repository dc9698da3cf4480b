/** Others must be this many times as fast as a target that is too slow for them. */
const muchFaster = 2;
/** Buffers on the way take that many bytes at once when the source flows again: they say nothing about a line. */
const burstBytes = 8 * 1024 * 1024;
/** The same factor where the measurement has no more than that. */
const muchFasterWithBurst = 4;
const longestBurstMs = 3_000;
/** Sockets take their bytes in steps of a megabyte and more: a shorter time compares steps, not lines. */
const measureMs = 3_000;
const leastMeasureMs = 1_000;
/** A trial that has not ended by then does not keep other blobs from one. */
const longestTrialMs = 10_000;
/** Doubled each time. */
const pauseMs = 30_000;
const longestPauseMs = 600_000;
/** A slow target may have become faster after this time. */
const confirmedMs = 60_000;

/** What a target may have queued while the others show how fast they are without it. */
export const trialBytes = 2 * burstBytes;

interface SlowVerdict {
  readonly isSlow: boolean;
  readonly until: number;
  readonly refuted: number;
}

/**
 * Which targets of one source are much slower than the others. All targets of a blob get its bytes at the pace of the
 * slowest, even if it is slower by a hundredth only. So the first that holds the others up is tried: its bytes queue up
 * while the others take theirs at their own pace. Times are milliseconds of one monotonic clock.
 */
export class SlowTargets {
  readonly #verdicts = new Map<string, SlowVerdict>();

  isSlow(target: string, now: number): boolean {
    const verdict = this.#verdicts.get(target);
    return verdict?.isSlow === true && now < verdict.until;
  }

  mayTry(target: string, now: number): boolean {
    const verdict = this.#verdicts.get(target);
    return verdict === undefined || verdict.isSlow || now >= verdict.until;
  }

  /** Begins a trial of a target that holds the others up. Other blobs begin none meanwhile. */
  try(target: string, others: readonly string[], now: number): SlowTargetTrial {
    const refuted = this.#verdicts.get(target)?.refuted ?? 0;
    this.#verdicts.set(target, { isSlow: false, until: now + longestTrialMs, refuted });
    return new SlowTargetTrial(target, others, { now, judge: (isSlow, at) => this.judge(target, isSlow, at) });
  }

  judge(target: string, isSlow: boolean, now: number): void {
    const refuted = isSlow ? 0 : (this.#verdicts.get(target)?.refuted ?? 0) + 1;
    const validMs = isSlow ? confirmedMs : Math.min(longestPauseMs, pauseMs * 2 ** (refuted - 1));
    this.#verdicts.set(target, { isSlow, until: now + validMs, refuted });
  }
}

interface TrialOptions {
  readonly now: number;
  readonly judge: (isSlow: boolean, now: number) => void;
}

/** Compares a target with the slowest of the others while neither waits for the other. */
export class SlowTargetTrial {
  readonly target: string;
  readonly #judge: TrialOptions['judge'];
  readonly #beganAt: number;
  readonly #others: Map<string, number>;
  #own = 0;
  /** Where the measurement began. */
  #measured: { readonly at: number; readonly own: number; readonly others: number } | undefined;
  #isOver = false;

  constructor(target: string, others: readonly string[], { now, judge }: TrialOptions) {
    this.target = target;
    this.#others = new Map(others.filter((other) => other !== target).map((other) => [other, 0]));
    this.#beganAt = now;
    this.#judge = judge;
  }

  sent(target: string, bytes: number): void {
    if (target === this.target) this.#own += bytes;
    else this.#others.set(target, (this.#others.get(target) ?? 0) + bytes);
  }

  /**
   * Call it often.
   *
   * @param isFull nothing more can queue up
   * @returns whether the target is too slow for the others; undefined while that is not known
   */
  check(isFull: boolean, now: number): boolean | undefined {
    const others = this.#slowestOther;
    const isBurstOver = others >= burstBytes || now - this.#beganAt >= longestBurstMs;
    if (isBurstOver) this.#measured ??= { at: now, own: this.#own, others };
    const measuredMs = this.#measured === undefined ? 0 : now - this.#measured.at;
    // On a fast line the queue fills in a moment, in which anything may have delayed the target.
    const mayJudge = isFull && now - this.#beganAt >= leastMeasureMs;
    if (!mayJudge && measuredMs < measureMs) return undefined;
    const before = measuredMs >= leastMeasureMs ? this.#measured : undefined;
    const factor = before === undefined ? muchFasterWithBurst : muchFaster;
    const isSlow = others - (before?.others ?? 0) > factor * (this.#own - (before?.own ?? 0));
    this.#end(isSlow, now);
    return isSlow;
  }

  /** The blob has ended before that is known: the target has kept up. */
  end(now: number): void {
    this.#end(false, now);
  }

  get #slowestOther(): number {
    return this.#others.size === 0 ? 0 : Math.min(...this.#others.values());
  }

  #end(isSlow: boolean, now: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#judge(isSlow, now);
  }
}
