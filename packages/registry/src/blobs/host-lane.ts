import { AdaptiveLimit } from '../concurrency/adaptive-limit.js';
import type { PushBack } from '../concurrency/adaptive-limit.js';

/** A smaller blob takes hardly more than its round trips: it does not wait behind large ones. */
const smallBytes = 1024 * 1024;
const mostSmall = 32;
/** Slots beyond the limit for images of which nothing is in flight: one large image does not keep all others waiting. */
const guests = 3;

export type BlobKind = 'large' | 'small';

export function kindOf(size: number): BlobKind {
  return size < smallBytes ? 'small' : 'large';
}

/** What one copy has in flight. */
export interface CopySlots {
  /** How many blobs of this copy may be in flight. */
  readonly most: number;
  inFlight: number;
}

/** Blobs in flight in one direction of one registry: those that are read from it, or those that are sent to it. */
export class HostLane {
  readonly #limit: AdaptiveLimit;
  /** Of blobs of both kinds together. */
  readonly #cap: number;
  readonly #now: () => number;
  readonly #inFlight = { large: 0, small: 0 };
  readonly #large = new Map<CopySlots, number>();
  #isWanted = false;

  /** @param cap the user's; absent: as many as make the registry faster, within limits */
  constructor(cap: number | undefined, now: () => number = () => performance.now()) {
    this.#limit = new AdaptiveLimit(cap);
    this.#cap = cap ?? Infinity;
    this.#now = now;
  }

  /** How many large blobs may be in flight, without guests. */
  get limit(): number {
    return this.#limit.value;
  }

  /** Large blobs in flight. */
  get load(): number {
    return this.#inFlight.large;
  }

  /** How many more blobs of this kind the copy may have in flight; 0 or less: it has to wait. */
  room(kind: BlobKind, copy: CopySlots): number {
    const { large, small } = this.#inFlight;
    const { value, isRestrained } = this.#limit;
    const capped = this.#cap - large - small;
    if (kind === 'small') return Math.min(capped, (isRestrained ? value : mostSmall) - small);
    return Math.min(capped, value + (isRestrained || this.#large.has(copy) ? 0 : guests) - large);
  }

  enter(kind: BlobKind, copy: CopySlots): void {
    this.#inFlight[kind] += 1;
    if (kind === 'large') this.#large.set(copy, (this.#large.get(copy) ?? 0) + 1);
    this.#report();
  }

  leave(kind: BlobKind, copy: CopySlots): void {
    this.#inFlight[kind] -= 1;
    const held = this.#large.get(copy) ?? 0;
    if (kind === 'large' && held === 1) this.#large.delete(copy);
    else if (kind === 'large') this.#large.set(copy, held - 1);
    this.#report();
  }

  /** Records whether large blobs wait only because of the limit. */
  wanted(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    this.#report();
  }

  /** @returns whether there is now room for more, or for fewer */
  moved(bytes: number): boolean {
    return this.#limit.moved(bytes, this.#now());
  }

  pushedBack(kind: PushBack): void {
    this.#limit.pushedBack(kind, this.#now());
  }

  #report(): void {
    this.#limit.holds(this.#inFlight.large, this.#isWanted, this.#now());
  }
}
