/** Which images a run copies next: explicitly asked ones first, each once, never two for one tag at once. */
import { targetTagKey } from '../domain/target-tag.js';

export interface PendingImage {
  readonly image: string;
  readonly explicit: boolean;
}

/** So far into its own queue a look reads again: what is asked for comes first, and one answer must not grow with the queue. */
const queueReadAgain = 2_000;

export class ImagePool {
  readonly #inFlight = new Set<string>();
  readonly #runningElsewhere: Set<string>;
  readonly #dropped: Set<string>;
  /** In work when a look found that somebody asks for them: before they began, or since. */
  readonly #askedInFlight = new Set<string>();
  #asked: ReadonlySet<string> = new Set();
  #queue: string[] = [];
  #mayHaveBeenAsked = false;
  #wasReconsidered = false;

  /**
   * @param elsewhere images that somebody else is copying, left to them until the run has nothing else to do
   * @param dropped images that are not taken up again in this run
   */
  constructor({
    runningElsewhere = [],
    dropped = [],
  }: { readonly runningElsewhere?: readonly string[]; readonly dropped?: readonly string[] } = {}) {
    this.#runningElsewhere = new Set(runningElsewhere);
    this.#dropped = new Set(dropped);
  }

  get queued(): number {
    return this.#queue.length;
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

  /** How many images a look may find that the pool does not take. */
  get known(): number {
    return (
      Math.min(this.#queue.length, queueReadAgain) +
      this.#inFlight.size +
      this.#runningElsewhere.size +
      this.#dropped.size
    );
  }

  /** An image that ended may have been asked for again while it was in work: only the database knows. */
  get wantsLook(): boolean {
    return this.#mayHaveBeenAsked;
  }

  /** Takes in what a look at the database found. Asked ones go to the head, in their order; others to the end. */
  offer(found: readonly PendingImage[]): void {
    this.#mayHaveBeenAsked = false;
    for (const { image, explicit } of found) {
      if (explicit && this.#inFlight.has(image)) this.#askedInFlight.add(image);
    }
    const free = found.filter(({ image }) => this.#isFree(image));
    this.#asked = new Set(free.filter(({ explicit }) => explicit).map(({ image }) => image));
    const waiting = this.#queue.filter((image) => !this.#asked.has(image));
    const known = new Set(waiting);
    const discovered = free.filter(({ image, explicit }) => !explicit && !known.has(image)).map(({ image }) => image);
    this.#queue = [...this.#asked, ...waiting, ...discovered];
  }

  /** The next image whose tag nobody else is at, in work from now on. */
  take({ askedOnly = false }: { readonly askedOnly?: boolean } = {}): string | undefined {
    const tags = new Set([...this.#inFlight].map(targetTagKey));
    const position = this.#queue.findIndex((image) => !tags.has(targetTagKey(image)));
    const image = this.#queue[position];
    if (image === undefined || (askedOnly && !this.#asked.has(image))) return undefined;
    this.#queue.splice(position, 1);
    this.#inFlight.add(image);
    return image;
  }

  finished(image: string): void {
    this.#inFlight.delete(image);
    if (this.#askedInFlight.delete(image)) this.#mayHaveBeenAsked = true;
  }

  leaveTo(image: string): void {
    this.#runningElsewhere.add(image);
  }

  drop(image: string): void {
    this.#dropped.add(image);
  }

  /** Once in a run, what was left to others may be offered again; false when there is nothing of the kind. */
  reconsider(): boolean {
    if (this.#wasReconsidered || this.#runningElsewhere.size === 0) return false;
    this.#wasReconsidered = true;
    this.#runningElsewhere.clear();
    return true;
  }

  #isFree(image: string): boolean {
    return !this.#inFlight.has(image) && !this.#runningElsewhere.has(image) && !this.#dropped.has(image);
  }
}
