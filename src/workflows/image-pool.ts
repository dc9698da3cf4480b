/** Decides which images a run handles next: explicitly requested ones first, each once, and never two with the same tag. */
import type { PendingImages } from '../contract/activity-types.js';
import { targetTagKey } from '../domain/target-tag.js';

export interface TakenImages {
  readonly images: readonly string[];
  readonly areAsked: boolean;
}

export class ImagePool {
  readonly #inFlight = new Set<string>();
  /** Keys of the tags of the images in flight, as `targetTagKey` makes them. */
  readonly #tagsInFlight = new Set<string>();
  readonly #runningElsewhere: Set<string>;
  readonly #dropped: Set<string>;
  /** Images that were in flight when a query returned them as requested: before they started, or since. */
  readonly #askedInFlight = new Set<string>();
  #asked = new Set<string>();
  readonly #discovered = new Set<string>();
  #mayHaveBeenAsked = false;
  #wasReconsidered = false;

  /**
   * @param elsewhere images that another workflow is copying, skipped until the run has nothing else to do
   * @param dropped images that this run does not start again
   */
  constructor({
    runningElsewhere = [],
    dropped = [],
  }: { readonly runningElsewhere?: readonly string[]; readonly dropped?: readonly string[] } = {}) {
    this.#runningElsewhere = new Set(runningElsewhere);
    this.#dropped = new Set(dropped);
  }

  get queued(): number {
    return this.#asked.size + this.#discovered.size;
  }

  get inFlight(): readonly string[] {
    return [...this.#inFlight];
  }

  get runningElsewhere(): readonly string[] {
    return [...this.#runningElsewhere];
  }

  get dropped(): readonly string[] {
    return [...this.#dropped];
  }

  /** Whether an image that ended may have been requested again while it was in flight: only the database knows. */
  get wantsLook(): boolean {
    return this.#mayHaveBeenAsked;
  }

  /** Adds images that a database query found; images that the pool knows are ignored. */
  offer({ asked, discovered }: Pick<PendingImages, 'asked' | 'discovered'>): void {
    this.#mayHaveBeenAsked = false;
    for (const image of asked) if (this.#inFlight.has(image)) this.#askedInFlight.add(image);
    const before = this.#asked;
    this.#asked = new Set(asked.filter((image) => this.#isFree(image)));
    for (const image of this.#asked) this.#discovered.delete(image);
    for (const image of [...before, ...discovered]) {
      if (this.#isFree(image) && !this.#asked.has(image)) this.#discovered.add(image);
    }
  }

  /**
   * Puts the next images in flight, with different tags and none of a tag in flight. Requested ones are never taken
   * together with others, which would delay them.
   *
   * @param room for which images there is room
   * @returns undefined if no image can start now
   */
  take(
    most: number,
    room: { readonly asked: boolean; readonly discovered: boolean } = { asked: true, discovered: true },
  ): TakenImages | undefined {
    const asked = room.asked ? this.#takeFrom(this.#asked, most) : [];
    if (asked.length > 0) return { images: asked, areAsked: true };
    const images = room.discovered ? this.#takeFrom(this.#discovered, most) : [];
    return images.length === 0 ? undefined : { images, areAsked: false };
  }

  finished(image: string): void {
    this.#inFlight.delete(image);
    this.#tagsInFlight.delete(targetTagKey(image));
    if (this.#askedInFlight.delete(image)) this.#mayHaveBeenAsked = true;
  }

  leaveTo(image: string): void {
    this.#runningElsewhere.add(image);
  }

  drop(image: string): void {
    this.#dropped.add(image);
  }

  /** Once per run, makes skipped images of other workflows available again; false if there are none. */
  reconsider(): boolean {
    if (this.#wasReconsidered || this.#runningElsewhere.size === 0) return false;
    this.#wasReconsidered = true;
    this.#runningElsewhere.clear();
    return true;
  }

  #takeFrom(queue: Set<string>, most: number): readonly string[] {
    const taken: string[] = [];
    for (const image of queue) {
      if (taken.length === most) break;
      const tag = targetTagKey(image);
      if (this.#tagsInFlight.has(tag)) continue;
      queue.delete(image);
      this.#tagsInFlight.add(tag);
      this.#inFlight.add(image);
      taken.push(image);
    }
    return taken;
  }

  #isFree(image: string): boolean {
    return !this.#inFlight.has(image) && !this.#runningElsewhere.has(image) && !this.#dropped.has(image);
  }
}
