/** Decides which images a run copies next: explicitly requested ones first, each once, and never two with the same tag. */
import { targetTagKey } from '../domain/target-tag.js';

export interface FoundImages {
  /** Requested explicitly, in the order of the requests. */
  readonly asked: readonly string[];
  readonly discovered: readonly string[];
}

/** How many queued images a query may return again. It limits the size of one page. */
const queueReadAgain = 2_000;

export class ImagePool {
  readonly #inFlight = new Set<string>();
  readonly #runningElsewhere: Set<string>;
  readonly #dropped: Set<string>;
  /** Images that were in flight when a query returned them as requested: before they started, or since. */
  readonly #askedInFlight = new Set<string>();
  #asked: ReadonlySet<string> = new Set();
  #queue: string[] = [];
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

  /** How many images of a query the pool may ignore. */
  get known(): number {
    return (
      Math.min(this.#queue.length, queueReadAgain) +
      this.#inFlight.size +
      this.#runningElsewhere.size +
      this.#dropped.size
    );
  }

  /** Whether an image that ended may have been requested again while it was in flight: only the database knows. */
  get wantsLook(): boolean {
    return this.#mayHaveBeenAsked;
  }

  /** Adds images that a database query found. Requested ones go to the head of the queue in their order, others to the end. */
  offer({ asked, discovered }: FoundImages): void {
    this.#mayHaveBeenAsked = false;
    for (const image of asked) {
      if (this.#inFlight.has(image)) this.#askedInFlight.add(image);
    }
    this.#asked = new Set(asked.filter((image) => this.#isFree(image)));
    const waiting = this.#queue.filter((image) => !this.#asked.has(image));
    const queued = new Set([...this.#asked, ...waiting]);
    for (const image of discovered) {
      if (this.#isFree(image)) queued.add(image);
    }
    this.#queue = [...queued];
  }

  /** Starts the next image whose tag is not in flight. */
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

  /** Once per run, makes skipped images of other workflows available again; false if there are none. */
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
