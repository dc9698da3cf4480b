const limits = { least: 16, first: 32, most: 128 } as const;
/** Requested images may exceed the limit by this number: others do not delay them. */
const reservedForAsked = 4;
/** A process that is busy for more of the time than this is the limit itself, whatever the number of images. */
const busyShare = 0.8;
/** A process with more memory than the first gets no more images, and one with more than the second gets fewer. */
const memoryBytes = { enough: 260_000_000, most: 290_000_000 } as const;
const checkIntervalMs = 250;
/** Memory is given back late: a lower limit shows its effect only after a while. */
const shrinkIntervalMs = 2_000;

/** What a process has spent. */
interface Spent {
  /** Milliseconds of a monotonic clock. */
  readonly now: number;
  readonly memoryBytes: number;
  /** The part of the time since the last call in which the process was busy. */
  readonly busy: number;
}

/**
 * How many small images a process handles at once: as many as keep it busy, within its memory. On a long line images
 * wait for answers most of the time, and many are needed. What one registry gets at once is the engine's own limit.
 */
export class ImageSlots {
  readonly #spent: () => Spent;
  readonly #waiting = { asked: new Array<() => void>(), others: new Array<() => void>() };
  #limit: number = limits.first;
  #running = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #shrunkAt = Number.NEGATIVE_INFINITY;

  constructor(spent: () => Spent = measureProcess()) {
    this.#spent = spent;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Runs `work` as soon as there is a slot: requested images first, and then the first to wait. */
  async run<T>(work: () => Promise<T>, { isAsked = false }: { readonly isAsked?: boolean } = {}): Promise<T> {
    const { asked, others } = this.#waiting;
    if (this.#hasRoom(isAsked)) this.#running += 1;
    else await new Promise<void>((resolve) => (isAsked ? asked : others).push(resolve));
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #hasRoom(isAsked: boolean): boolean {
    return this.#running < this.#limit + (isAsked ? reservedForAsked : 0);
  }

  #release(): void {
    this.#adapt();
    this.#running -= 1;
    for (const isAsked of [true, false]) {
      const waiting = isAsked ? this.#waiting.asked : this.#waiting.others;
      while (waiting.length > 0 && this.#hasRoom(isAsked)) {
        this.#running += 1;
        waiting.shift()?.();
      }
    }
  }

  #adapt(): void {
    const spent = this.#spent();
    if (spent.now - this.#checkedAt < checkIntervalMs) return;
    this.#checkedAt = spent.now;
    if (spent.memoryBytes > memoryBytes.most) {
      if (spent.now - this.#shrunkAt < shrinkIntervalMs) return;
      this.#shrunkAt = spent.now;
      this.#limit = Math.max(limits.least, Math.floor(this.#limit * 0.75));
    } else if (this.#waiting.others.length > 0 && spent.busy < busyShare && spent.memoryBytes < memoryBytes.enough) {
      this.#limit = Math.min(limits.most, Math.ceil(this.#limit * 1.5));
    }
  }
}

function measureProcess(): () => Spent {
  let [before, measured] = [performance.eventLoopUtilization(), { now: 0, memoryBytes: 0, busy: 1 }];
  return () => {
    const now = performance.now();
    if (now - measured.now < checkIntervalMs) return measured;
    const since = performance.eventLoopUtilization(before);
    before = performance.eventLoopUtilization();
    measured = { now, memoryBytes: process.memoryUsage.rss(), busy: since.utilization };
    return measured;
  };
}
