/** What a format makes of mirrored images. Every format is a pure function that returns this. */
export interface ConsumerOutput {
  /** One file has the path ''. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Images that are not on the target, in the order of the input. */
  readonly missing: readonly MissingImage[];
  /** What the format cannot express: the result is incomplete. */
  readonly gaps: readonly string[];
  /** What a person should know about a complete result. */
  readonly notes: readonly string[];
}

export interface MissingImage {
  /** Canonical, as `ferry add` takes it. */
  readonly image: string;
  /** File, line and path. */
  readonly where: string;
  readonly reason: string;
}

/** Collects what happens while a file is converted. Messages are kept once. */
export class Findings {
  readonly #missing = new Map<string, MissingImage>();
  readonly #gaps = new Set<string>();
  readonly #notes = new Set<string>();

  missing(image: MissingImage): void {
    if (!this.#missing.has(image.image)) this.#missing.set(image.image, image);
  }

  gap(text: string): void {
    this.#gaps.add(text);
  }

  note(text: string | undefined): void {
    if (text !== undefined) this.#notes.add(text);
  }

  output(files: ConsumerOutput['files']): ConsumerOutput {
    return { files, missing: [...this.#missing.values()], gaps: [...this.#gaps], notes: [...this.#notes] };
  }
}

export function oneFile(text: string): ConsumerOutput['files'] {
  return [{ path: '', text }];
}
