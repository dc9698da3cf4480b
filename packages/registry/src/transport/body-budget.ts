import { Semaphore } from '../concurrency/semaphore.js';
import { RegistryError } from '../errors.js';

/**
 * Limit for everything that is read about one image: manifests, configs that name a platform, lists of referrers.
 * `golang:1-trixie`, one of the widest of Docker's official images (14 manifests), has about 50 KB; distribution, zot
 * and podman limit one manifest to 4 MiB.
 */
const imageLimitBytes = 12 * 1024 * 1024;
/** Including the indexes: no real image has as many. */
const maxManifests = 2_000;
/** An image that needs more waits for one of the slots below. */
const imageFreeBytes = 512 * 1024;
const largeImagesAtOnce = 1;
/** The same for any other body that is read whole. */
const bodyFreeBytes = 256 * 1024;
const largeBodiesAtOnce = 2;

/** Limits the memory of bodies that are read whole. */
export interface BodyBudget {
  /** Books an announced length. @returns a promise to await before the body is read, if any */
  expects(bytes: number): Promise<void> | undefined;
  /**
   * Books bytes that arrived.
   *
   * @returns a promise to await before more is read, if any
   * @throws RegistryError `manifest-too-large`
   */
  took(bytes: number): Promise<void> | undefined;
}

/** The budget of one image, which holds what was read of it until the image is done. */
export interface ImageBudget extends BodyBudget {
  /** Books one more manifest before it is read. @throws RegistryError `manifest-too-large` */
  countManifest(): void;
  /**
   * Books manifests of the sizes that an index gives before they are read.
   *
   * @returns a promise to await before that, if any
   * @throws RegistryError `manifest-too-large`
   */
  expectsManifests(sizes: readonly number[]): Promise<void> | undefined;
}

/** The memory that bodies from other hosts may take in a process, however many images are copied at the same time. */
export class BodyBudgets {
  readonly #largeImages = new Semaphore(largeImagesAtOnce);
  readonly #largeBodies = new Semaphore(largeBodiesAtOnce);

  /**
   * Runs the work for one image. A large image waits for others here, but never while it holds anything that they may
   * wait for: it reads its manifests before anything else.
   */
  async forImage<T>(name: string, signal: AbortSignal, work: (budget: ImageBudget) => Promise<T>): Promise<T> {
    const held = new Held(this.#largeImages, imageFreeBytes, signal);
    let bytes = 0;
    let manifests = 0;
    const budget: ImageBudget = {
      expects: (more) => held.expects(more),
      took(more) {
        bytes += more;
        if (bytes > imageLimitBytes) throw tooLarge(name, `more than ${bytes} bytes in ${manifests} of its manifests`);
        return held.took(more);
      },
      countManifest() {
        manifests++;
        if (manifests > maxManifests) throw tooLarge(name, `more than ${maxManifests} manifests`);
      },
      expectsManifests(sizes) {
        const sum = sizes.reduce((before, size) => before + size, 0);
        if (bytes + sum > imageLimitBytes || manifests + sizes.length > maxManifests) {
          throw tooLarge(name, `${bytes + sum} bytes in ${manifests + sizes.length} manifests, by its index`);
        }
        return held.expects(sum);
      },
    };
    try {
      return await work(budget);
    } finally {
      held.release();
    }
  }

  /** Runs the reading of one body. */
  async forBody<T>(signal: AbortSignal | undefined, work: (budget: BodyBudget) => Promise<T>): Promise<T> {
    const held = new Held(this.#largeBodies, bodyFreeBytes, signal);
    try {
      return await work(held);
    } finally {
      held.release();
    }
  }
}

/** Takes a slot as soon as the bytes exceed the free amount. */
class Held implements BodyBudget {
  readonly #repos: Semaphore;
  readonly #freeBytes: number;
  readonly #signal: AbortSignal | undefined;
  #bytes = 0;
  #repo: Promise<() => void> | undefined;
  #isHeld = false;

  constructor(repos: Semaphore, freeBytes: number, signal: AbortSignal | undefined) {
    this.#repos = repos;
    this.#freeBytes = freeBytes;
    this.#signal = signal;
  }

  expects(bytes: number): Promise<void> | undefined {
    if (this.#isHeld || this.#bytes + bytes <= this.#freeBytes) return undefined;
    this.#repo ??= this.#repos.acquire(this.#signal);
    return this.#repo.then(() => {
      this.#isHeld = true;
    });
  }

  took(bytes: number): Promise<void> | undefined {
    this.#bytes += bytes;
    return this.expects(0);
  }

  release(): void {
    // A waiter that has given up returns its slot as soon as it gets it.
    this.#repo?.then(
      (leave) => leave(),
      () => {},
    );
  }
}

function tooLarge(name: string, found: string): RegistryError {
  const message =
    `${name} has ${found}; all manifests of an image, with what refers to it, may have ${imageLimitBytes} bytes and ` +
    `be ${maxManifests}, far more than any usual image: choose fewer platforms, or copy it without referrers`;
  return new RegistryError(message, { code: 'manifest-too-large', decision: 'block' });
}
