import type { ImageReference } from '@image-ferry/registry/reference';

import type { Certainty, Evidence, ImageFind } from '../domain/found-image.js';
import type { Skipped } from '../domain/upstream-finding.js';

/** More than any set of files of a project names; a limit for memory. */
const mostFinds = 50_000;
const mostNotes = 1_000;

/** Something that could not be read, so that images may be missing. */
export interface Unread {
  /** Path of a file, address of a chart, or a kind of objects of a cluster. */
  readonly source: string;
  readonly reason: string;
}

/** What was found in all inputs together. */
export interface Discovered {
  readonly finds: readonly ImageFind[];
  /** What names no image that can be pulled, such as a service that is built. Nothing is missing because of it. */
  readonly skipped: readonly Skipped[];
  /** Inputs, or parts of them. */
  readonly unread: readonly Unread[];
  /** Single places that name an image which is not known, such as one with a variable that has no value. */
  readonly unknown: readonly Unread[];
  readonly notes: readonly string[];
}

/** Collects what the readers of all inputs find. */
export class Discovery implements Discovered {
  readonly finds: ImageFind[] = [];
  readonly skipped: Skipped[] = [];
  readonly unread: Unread[] = [];
  readonly unknown: Unread[] = [];
  readonly notes: string[] = [];
  readonly #skippedKeys = new Set<string>();
  readonly #unknownKeys = new Set<string>();
  #isFull = false;

  find(reference: ImageReference, certainty: Certainty, evidence: Evidence): void {
    if (this.finds.length < mostFinds) {
      this.finds.push({ reference, certainty, evidence });
    } else if (!this.#isFull) {
      this.#isFull = true;
      this.fault(evidence.source, `more than ${mostFinds} places name images: the rest was not read`);
    }
  }

  /** Services that extend one another leave out the same thing many times. */
  skip(what: string, reason: string): void {
    const key = `${what}\n${reason}`;
    if (this.#skippedKeys.has(key) || this.skipped.length >= mostFinds) return;
    this.#skippedKeys.add(key);
    this.skipped.push({ what, reason });
  }

  fault(source: string, reason: string): void {
    if (this.unread.length < mostFinds) this.unread.push({ source, reason });
  }

  /** A place that names an image which is not known. Services that extend one another repeat it. */
  unknownImage(source: string, reason: string): void {
    const key = `${source}\n${reason}`;
    if (this.#unknownKeys.has(key) || this.unknown.length >= mostFinds) return;
    this.#unknownKeys.add(key);
    this.unknown.push({ source, reason });
  }

  note(text: string): void {
    if (this.notes.length < mostNotes && !this.notes.includes(text)) this.notes.push(text);
  }
}
