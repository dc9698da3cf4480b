/** What an activity for many images reports, at its end and in its heartbeats. */
import type { SingleImage, SyncImagesHeartbeat, SyncImagesResult } from '../contract/activity-types.js';
import { nothingSettled, withImage } from '../contract/settled-images.js';
import type { SettledImages, SyncImageResult } from '../contract/sync-messages.js';

/** What plans and copies of single images may add to a result, in characters: Temporal's payloads are limited. */
const mostLength = { plans: 256 * 1024, copies: 1024 * 1024 } as const;
/** A plan that is older is not handed on: the image is planned again. */
const planIsFreshMs = 60_000;

/** What is over when a batch begins. */
export const nothingOver: SyncImagesHeartbeat = { settled: nothingSettled, single: [], over: [], transfers: [] };

export class BatchTally {
  readonly #over: string[];
  readonly #single: { readonly single: SingleImage; readonly addedAt: number }[];
  #settled: SettledImages;

  /** @param before what an earlier attempt reported */
  constructor({ over, single, settled }: SyncImagesHeartbeat) {
    this.#over = [...over];
    this.#single = single.map((one) => ({ single: one, addedAt: performance.now() }));
    this.#settled = settled;
  }

  get over(): ReadonlySet<string> {
    return new Set(this.#over);
  }

  addSettled(result: SyncImageResult): void {
    this.#settled = withImage(this.#settled, result);
    this.#over.push(result.image);
  }

  addSingle(single: SingleImage): void {
    this.#single.push({ single, addedAt: performance.now() });
    this.#over.push(single.image);
  }

  result(): SyncImagesResult {
    const now = performance.now();
    let length = 0;
    const single = this.#single.map(({ single: one, addedAt }): SingleImage => {
      const isCopied = one.copied !== undefined;
      if (!isCopied && now - addedAt > planIsFreshMs) return { image: one.image };
      const own = JSON.stringify(one).length;
      if (length + own > (isCopied ? mostLength.copies : mostLength.plans)) return { image: one.image };
      length += own;
      return one;
    });
    return { settled: this.#settled, single };
  }

  /** What the next attempt needs. Plans are left out, since a heartbeat is sent every two seconds. */
  heartbeat(): Omit<SyncImagesHeartbeat, 'transfers'> {
    const single = this.#single.map(({ single: { image, plan, copied } }) =>
      copied === undefined ? { image } : { image, plan, copied },
    );
    // A copy: it is sent later.
    return { settled: this.#settled, single, over: [...this.#over] };
  }
}
