import { DatabaseFault } from '../database-fault.js';

/** How often the same page may repeat: another program may write the rows at the same time. */
const mostRepeats = 10;

/** Stops an endless loop over pages if rows do not keep written values. */
export class ProgressCheck {
  #last = '';
  #repeats = 0;

  /** @throws DatabaseFault if the same page repeats too often */
  next(ids: readonly number[]): void {
    const page = ids.join();
    this.#repeats = page === this.#last ? this.#repeats + 1 : 0;
    this.#last = page;
    if (this.#repeats < mostRepeats) return;
    throw new DatabaseFault(
      `rows of images_for_push (id ${ids.slice(0, 5).join(', ')}) do not keep the values that the ferry writes: check for a trigger that resets them`,
      'statement',
    );
  }
}
