import { idleMsOfThread, isBusy } from './busy-process.js';

/** A line is fast (100 MB/s) if this many bytes, over all blobs, arrive in this time. */
export const fastBytes = 25_000_000;
export const measuredMs = 250;
/** Where this process is the limit, a quarter of that rate is enough: slower, it can afford the other hash. */
export const busyFactor = 4;
/** A measurement that is older says nothing about a blob that begins now. */
const rememberedMs = 500;
/** A single busy measurement proves nothing: something else may have taken the processor for a moment. */
const neededBusyWindows = 3;

/** Milliseconds, and how many of them this thread has waited for something to do. */
export interface HashClock {
  now(): number;
  idleMs(): number;
}

const processClock: HashClock = {
  now: () => performance.now(),
  idleMs: idleMsOfThread,
};

/** How fast bytes are hashed, over all blobs of a process: they share the line. */
export class HashedRate {
  readonly #clock: HashClock;
  #bytes = 0;
  #since = -Infinity;
  #bytesBefore = 0;
  #idleBefore = 0;
  #fastAt = -Infinity;
  #busyWindows = 0;

  constructor(clock: HashClock = processClock) {
    this.#clock = clock;
  }

  /** Bytes hashed so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How long this thread has waited so far. */
  get idleMs(): number {
    return this.#clock.idleMs();
  }

  /** The line was fast a moment ago, or faster than this process. */
  get isFast(): boolean {
    return this.#clock.now() - this.#fastAt < rememberedMs;
  }

  /** @returns the time, in milliseconds */
  took(bytes: number): number {
    const now = this.#clock.now();
    this.#bytes += bytes;
    const ms = now - this.#since;
    if (ms < measuredMs) return now;
    const idle = this.idleMs;
    if (ms < 2 * measuredMs) {
      const taken = this.#bytes - this.#bytesBefore;
      const share = (taken * measuredMs) / (fastBytes * ms);
      this.#busyWindows = share * busyFactor >= 1 && isBusy(idle - this.#idleBefore, ms) ? this.#busyWindows + 1 : 0;
      const isFast = share >= 1 || this.#busyWindows >= neededBusyWindows;
      this.#fastAt = isFast ? now : -Infinity;
    } else {
      this.#busyWindows = 0;
    }
    this.#since = now;
    this.#bytesBefore = this.#bytes;
    this.#idleBefore = idle;
    return now;
  }
}
