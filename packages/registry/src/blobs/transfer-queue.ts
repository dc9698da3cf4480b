import { kindOf } from './host-lane.js';
import type { BlobKind, CopySlots, HostLane } from './host-lane.js';

export interface TransferRequest {
  readonly copy: CopySlots;
  /** Of the blob, in bytes. */
  readonly size: number;
  /** Where a slot is needed: at the source and at each target. */
  readonly lanes: readonly HostLane[];
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly copy: CopySlots;
  readonly size: number;
  readonly kind: BlobKind;
  readonly lanes: readonly HostLane[];
  /** Of the copy's first request: the lower is the older. */
  readonly copyNumber: number;
  readonly start: () => void;
}

/**
 * Gives slots to transfers. A transfer gets all of its slots at once, so that two of them never wait for each other.
 * The copy with the fewest blobs in flight is next, then the older copy, and within one copy the largest blob: what a
 * target takes long to store must not come last.
 */
export class TransferQueue {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  readonly #copyNumbers = new WeakMap<CopySlots, number>();
  #copies = 0;
  #large = 0;
  #wanted: ReadonlySet<HostLane> = new Set();

  /** @param most large blobs in flight over all hosts */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns a function that frees the slots; calling it twice does nothing. @throws the signal's reason */
  async acquire({ copy, size, lanes, signal }: TransferRequest): Promise<() => void> {
    signal.throwIfAborted();
    const kind = kindOf(size);
    const unique = [...new Set(lanes)];
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const waiting = { copy, size, kind, lanes: unique, copyNumber: this.#numberOf(copy), start };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        this.#startNext();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#startNext();
    });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      copy.inFlight -= 1;
      if (kind === 'large') this.#large -= 1;
      for (const lane of unique) lane.leave(kind, copy);
      this.#startNext();
    };
  }

  /** Records bytes of the blobs in flight in one direction of one host. */
  moved(lane: HostLane, bytes: number): void {
    if (lane.moved(bytes)) this.#startNext();
  }

  #numberOf(copy: CopySlots): number {
    const number = this.#copyNumbers.get(copy) ?? this.#copies++;
    this.#copyNumbers.set(copy, number);
    return number;
  }

  #startNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const { copy, kind, lanes, start } = next;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      copy.inFlight += 1;
      if (kind === 'large') this.#large += 1;
      for (const lane of lanes) lane.enter(kind, copy);
      start();
    }
  }

  /**
   * The first that may start. One that waits for a full host keeps its slots at the other hosts free, so that those
   * after it cannot overtake it again and again; for each full host only the first one does.
   */
  #next(): Waiting | undefined {
    const kept = { large: new Map<HostLane, number>(), small: new Map<HostLane, number>() };
    const awaited = { large: new Set<HostLane>(), small: new Set<HostLane>() };
    let found: Waiting | undefined;
    for (const each of this.#waiting.toSorted(inTurn)) {
      const { copy, kind, lanes } = each;
      if (copy.inFlight >= copy.most || (kind === 'large' && this.#large >= this.#most)) continue;
      const full = lanes.filter((lane) => lane.room(kind, copy) <= 0);
      const isKept = lanes.some((lane) => !full.includes(lane) && lane.room(kind, copy) <= (kept[kind].get(lane) ?? 0));
      if (full.length === 0 && !isKept) {
        found = each;
        break;
      }
      if (isKept || full.some((lane) => awaited[kind].has(lane))) continue;
      for (const lane of full) awaited[kind].add(lane);
      for (const lane of lanes) if (!full.includes(lane)) kept[kind].set(lane, (kept[kind].get(lane) ?? 0) + 1);
    }
    if (found === undefined) this.#nowAwaited(awaited.large);
    return found;
  }

  #nowAwaited(lanes: ReadonlySet<HostLane>): void {
    for (const lane of this.#wanted) if (!lanes.has(lane)) lane.wanted(false);
    for (const lane of lanes) lane.wanted(true);
    this.#wanted = lanes;
  }
}

function inTurn(a: Waiting, b: Waiting): number {
  return a.copy.inFlight - b.copy.inFlight || a.copyNumber - b.copyNumber || b.size - a.size;
}
