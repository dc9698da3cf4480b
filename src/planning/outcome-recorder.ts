import type { RecordedImage } from '../contract/recorded-image.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { Target } from '../domain/target.js';

const recordedTogether = 50;

interface Waiting {
  readonly recorded: RecordedImage;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Records outcomes together: those that come while a transaction is in progress share the next one. */
export class OutcomeRecorder {
  readonly #pushed: Pick<PushedImageStore, 'recordOutcomes'>;
  readonly #context: { readonly targets: readonly Target[]; readonly run: string };
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(
    pushed: Pick<PushedImageStore, 'recordOutcomes'>,
    context: { readonly targets: readonly Target[]; readonly run: string },
  ) {
    this.#pushed = pushed;
    this.#context = context;
  }

  /** Resolves when the outcome is in the database. @throws FerryError of the database */
  async record(recorded: RecordedImage): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ recorded, done, failed });
      if (!this.#isWriting) {
        this.#isWriting = true;
        // Images that end in the same turn of the event loop belong together.
        setImmediate(() => void this.#writeAll());
      }
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, recordedTogether);
      try {
        await this.#pushed.recordOutcomes(
          some.map(({ recorded: { outcome, readAt } }) => ({ outcome, readAt })),
          this.#context,
        );
        for (const { done } of some) done();
      } catch (error) {
        for (const { failed } of some) failed(error);
      }
    }
    this.#isWriting = false;
  }
}
