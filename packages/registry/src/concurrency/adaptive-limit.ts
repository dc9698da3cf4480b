import { RateWindow, isWorthIt, lastOf, sumOf } from './rate-window.js';
import type { RateSample } from './rate-window.js';

/** Three fill a line whose connections are fast, and take little memory. */
const firstValue = 3;
/** The most without a cap of the user's; each blob in flight takes 1 to 2 MB of memory. */
const mostUncapped = 24;
/** Each step down keeps this share. A step up doubles. */
const stepDown = 0.75;

/** How long the rate is measured before a step, and after it before the step is judged. */
const quickMs = 250;
const sustainedMs = 2_000;
/** Before the first step where one blob moves fast: three may be all that this machine can do. */
const fastMs = 4_000;
/** A new connection fills the buffers on its way at first: a later step is not judged by that. */
const burstMs = 1_500;
/** A step that has not shown a gain in this time has none. */
const quickTrialMs = 3_000;
/** A step that could not be judged in this time is taken back: the line may have changed. */
const staleMs = 15_000;

/** Pauses after a step that brought nothing; doubled each time. */
const pauseUpMs = 2_000;
const pauseDownMs = 10_000;
const longestPauseMs = 60_000;
/** A registry that pushes back once a second is answered once. */
const sparedMs = 1_000;

/** `busy`: it answered 429 or 503. `reset`: a connection broke, which may have many causes. */
export type PushBack = 'busy' | 'reset';

type Step = 'up' | 'down';

interface Trial {
  readonly step: Step;
  readonly from: number;
  readonly before: RateSample;
  readonly startedAt: number;
  readonly samples: RateSample[];
}

/**
 * How many blobs may be in flight to or from one registry. It climbs while that makes all of them together faster:
 * it doubles quickly at first, later each step is measured for seconds before it is kept or taken back. It falls at
 * once when the registry pushes back. Times are milliseconds of one monotonic clock.
 */
export class AdaptiveLimit {
  readonly #most: number;
  readonly #window = new RateWindow();
  #value: number;
  /** What was measured at this value, the newest last. */
  #samples: RateSample[] = [];
  #trial: Trial | undefined;
  #isQuick = true;
  #step: Step = 'up';
  #rejections = 0;
  #nextTrialAt = 0;
  #pushBacks = 0;
  #inFlight = 0;
  /** The value has fallen, and more are in flight than it allows. */
  #isDraining = false;
  #lastPushBackAt = -Infinity;

  constructor(most = mostUncapped) {
    this.#most = most;
    this.#value = Math.min(firstValue, most);
  }

  get value(): number {
    return this.#value;
  }

  /** The registry could not even take the first few. */
  get isRestrained(): boolean {
    return this.#value < Math.min(firstValue, this.#most);
  }

  /** Records that blobs began or ended. @param isWanted more of them wait for this limit */
  holds(inFlight: number, isWanted: boolean, now: number): void {
    if (inFlight > this.#inFlight || inFlight <= this.#value) this.#isDraining = false;
    this.#inFlight = inFlight;
    this.#window.holds(inFlight, isWanted, now);
  }

  /** Records bytes of the blobs in flight. @returns whether the value has changed */
  moved(bytes: number, now: number): boolean {
    const sample = this.#window.moved(bytes, now);
    if (sample === undefined || this.#isDraining) return false;
    const before = this.#value;
    if (this.#trial === undefined) this.#measured(sample, now);
    else this.#judge(this.#trial, sample, now);
    return this.#value !== before;
  }

  /** The registry cannot take as much: half of it, and no more for a while. */
  pushedBack(kind: PushBack, now: number): void {
    if (now - this.#lastPushBackAt < sparedMs) return;
    const isOld = now - this.#lastPushBackAt > 2 * longestPauseMs;
    this.#pushBacks = isOld ? 1 : this.#pushBacks + 1;
    this.#lastPushBackAt = now;
    const least = kind === 'busy' ? 1 : Math.min(firstValue, this.#value);
    this.#set(Math.max(least, Math.floor(this.#value / 2)));
    this.#isQuick = false;
    this.#step = 'up';
    this.#nextTrialAt = now + paused(pauseDownMs, this.#pushBacks);
    this.#forget();
  }

  #measured(sample: RateSample, now: number): void {
    if (!sample.isFull) {
      this.#samples = [];
      return;
    }
    this.#samples.push(sample);
    const neededMs = this.#neededMs(sample);
    this.#samples = lastOf(this.#samples, neededMs);
    const before = sumOf(this.#samples);
    if (before.ms < neededMs || now < this.#nextTrialAt) return;
    this.#begin(before, now);
  }

  #neededMs({ isFast }: RateSample): number {
    if (!this.#isQuick) return sustainedMs;
    return isFast ? fastMs : quickMs;
  }

  #begin(before: RateSample, now: number): void {
    const from = this.#value;
    if (this.isRestrained) {
      // Back to where it began, whether that is faster or not: the registry had only been busy.
      this.#set(Math.min(firstValue, this.#most, from * 2));
      this.#nextTrialAt = now + pauseDownMs;
      this.#forget();
      return;
    }
    const canFall = from > firstValue;
    const step = this.#step === 'down' && canFall ? 'down' : 'up';
    const to = step === 'up' ? Math.min(this.#most, from * 2) : Math.max(firstValue, Math.floor(from * stepDown));
    if (to === from) {
      this.#step = canFall ? 'down' : 'up';
      this.#nextTrialAt = now + pauseDownMs;
      return;
    }
    this.#set(to);
    this.#trial = { step, from, before, startedAt: now, samples: [] };
  }

  #judge(trial: Trial, sample: RateSample, now: number): void {
    if (now - trial.startedAt > staleMs) {
      this.#set(trial.from);
      this.#forget();
      return;
    }
    // As long as not more are in flight, or in a step down not fewer, there is nothing to compare.
    const load = sample.load / trial.before.load;
    if (trial.step === 'up' ? load < 1.1 : load > 0.9 || !sample.isFull) return;
    trial.samples.push(sample);
    const all = sumOf(trial.samples);
    if (this.#isQuick) {
      const neededMs = sample.isFast ? sustainedMs : quickMs;
      const latest = sumOf(lastOf(trial.samples, neededMs));
      if (latest.ms >= neededMs && isWorthIt(trial.before, latest)) {
        this.#accept(latest);
        if (sample.isFull) this.#begin(latest, now);
      } else if (all.ms >= quickTrialMs) this.#reject(trial, now);
      return;
    }
    if (all.ms < burstMs + sustainedMs) return;
    const latest = sumOf(lastOf(trial.samples, sustainedMs));
    if (isWorthIt(trial.before, latest)) {
      this.#accept(latest);
      this.#nextTrialAt = now + pauseUpMs;
    } else this.#reject(trial, now);
  }

  #accept(sample: RateSample): void {
    this.#forget();
    this.#samples = [sample];
    this.#rejections = 0;
  }

  #reject({ step, from }: Trial, now: number): void {
    this.#set(from);
    this.#isQuick = false;
    this.#step = step === 'up' ? 'down' : 'up';
    this.#rejections += 1;
    this.#nextTrialAt =
      now + paused(this.#step === 'up' || from <= firstValue ? pauseUpMs : pauseDownMs, this.#rejections);
    this.#forget();
  }

  #set(value: number): void {
    this.#isDraining = value < this.#value && this.#inFlight > value;
    this.#value = value;
  }

  #forget(): void {
    this.#trial = undefined;
    this.#samples = [];
  }
}

function paused(firstMs: number, count: number): number {
  return Math.min(longestPauseMs, firstMs * 2 ** (count - 1));
}
