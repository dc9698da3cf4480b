/** Which images a pass copies next: explicitly asked ones first, each once, never one that is in work. */

export interface PendingImage {
  readonly image: string;
  readonly explicit: boolean;
}

export class ImagePool {
  readonly #inFlight = new Set<string>();
  readonly #elsewhere: Set<string>;
  #queue: string[] = [];

  /** @param elsewhere images that somebody else is copying, left to them for the rest of the pass */
  constructor(elsewhere: readonly string[]) {
    this.#elsewhere = new Set(elsewhere);
  }

  get queued(): number {
    return this.#queue.length;
  }

  get inFlight(): readonly string[] {
    return [...this.#inFlight];
  }

  get elsewhere(): readonly string[] {
    return [...this.#elsewhere];
  }

  /** Takes in what a look at the database found. Asked ones go to the head, in their order; others to the end. */
  offer(found: readonly PendingImage[]): void {
    const free = found.filter(({ image }) => !this.#inFlight.has(image) && !this.#elsewhere.has(image));
    const asked = new Set(free.filter(({ explicit }) => explicit).map(({ image }) => image));
    const waiting = this.#queue.filter((image) => !asked.has(image));
    const known = new Set(waiting);
    const discovered = free.filter(({ image, explicit }) => !explicit && !known.has(image)).map(({ image }) => image);
    this.#queue = [...asked, ...waiting, ...discovered];
  }

  /** The next image, in work from now on. */
  take(): string | undefined {
    const image = this.#queue.shift();
    if (image !== undefined) this.#inFlight.add(image);
    return image;
  }

  finished(image: string): void {
    this.#inFlight.delete(image);
  }

  leaveTo(image: string): void {
    this.#elsewhere.add(image);
  }
}
