import { DatabaseFault } from '../database-fault.js';

/** How often the same rows may come again: another program may write them at the same time. */
const mostRepeats = 10;

/** Keeps a loop over pages of rows from going round for ever where a row does not keep what the ferry writes into it. */
export class ProgressCheck {
  #last = '';
  #repeats = 0;

  /** @throws DatabaseFault when the same page came again and again */
  next(ids: readonly number[]): void {
    const page = ids.join();
    this.#repeats = page === this.#last ? this.#repeats + 1 : 0;
    this.#last = page;
    if (this.#repeats < mostRepeats) return;
    throw new DatabaseFault(
      `rows of images_for_push (id ${ids.slice(0, 5).join(', ')}) do not keep what the ferry writes into them: look for a trigger that sets them back`,
      'statement',
    );
  }
}
