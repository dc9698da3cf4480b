import type { RegistryError } from '../errors.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { pauseBeforeRetry } from '../transport/retrying.js';
import type { Timing } from '../transport/timing.js';
import type { Blob } from './image-blobs.js';

/** An upload that gets this much further than ever before has not failed, however often it breaks. */
const progressBytes = 1024 * 1024;
const mostFruitless = 4;

/** An upload that broke again and again without getting further. The reason says how far it came. */
export class UploadGivenUp extends RegistryFault {}

/** Why an upload begins again at the first byte. */
export type StartOver = 'forgotten' | 'one-request' | 'refused' | 'failed';

/** Counts the attempts of one upload while nothing new arrives. */
export class UploadAttempts {
  readonly #repo: RepositoryRef;
  readonly #blob: Blob;
  readonly #timing: Timing;
  /** The most bytes that the registry ever confirmed. */
  #furthest: number;
  #furthestSent = 0;
  #fruitless = 0;
  #breaks = 0;
  #startOver: StartOver | undefined;

  constructor(
    repo: RepositoryRef,
    blob: Blob,
    { offset, timing }: { readonly offset: number; readonly timing: Timing },
  ) {
    this.#repo = repo;
    this.#blob = blob;
    this.#furthest = offset;
    this.#timing = timing;
  }

  /** @param offset bytes that the registry has confirmed */
  reached(offset: number): void {
    if (offset >= this.#furthest + progressBytes || offset === this.#blob.size) this.#fruitless = 0;
    this.#furthest = Math.max(this.#furthest, offset);
  }

  /** What was sent before is lost. */
  startsOver(why: StartOver): void {
    this.#startOver = why;
  }

  /**
   * Counts a break.
   *
   * @param sent offset of the byte after the last one that left
   * @returns milliseconds until the next attempt
   * @throws UploadGivenUp, or the fault itself if a pause of allowed length does not help
   */
  broke(fault: RegistryError, sent: number): number {
    this.#furthestSent = Math.max(this.#furthestSent, sent);
    this.#breaks += 1;
    this.#fruitless += 1;
    const pauseMs = pauseBeforeRetry(fault, this.#fruitless, this.#timing);
    if (pauseMs === undefined) throw fault;
    if (this.#fruitless >= mostFruitless) throw this.#givenUp(fault);
    return pauseMs;
  }

  /** The next break shows how to continue: it is no failed attempt. */
  excused(): void {
    this.#fruitless -= 1;
  }

  #givenUp(fault: RegistryError): UploadGivenUp {
    const { code, cause, decision, retryAfterMs } = fault;
    const told = fault instanceof RegistryFault ? fault : undefined;
    return new UploadGivenUp(`${told?.reason ?? fault.message}; ${this.#account()}`, {
      repo: this.#repo,
      code,
      decision,
      cause: cause ?? fault,
      retryAfterMs,
      hostReason: fault.hostReason,
      diagnostics: told?.diagnostics ?? [],
      status: told?.status,
    });
  }

  #account(): string {
    const { digest, size } = this.#blob;
    const ofSize = (bytes: number): string => `${megabytes(bytes)} of ${megabytes(size)} MB`;
    const best = `at most ${ofSize(this.#furthestSent)} of ${digest} were sent in the best of ${this.#breaks} attempts`;
    switch (this.#startOver) {
      case 'forgotten':
        return `this registry forgets a broken request: ${best}`;
      case 'one-request':
        return `this registry takes a blob in one request only: ${best}`;
      case 'refused':
        return `this registry does not let a broken upload continue: ${best}`;
      case 'failed':
        return `this registry fails on the part of an upload that it has: ${best}`;
      case undefined:
        return `the upload of ${digest} does not get further than ${ofSize(this.#furthest)}, after ${this.#breaks} breaks`;
    }
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
