import { FerryError } from '../domain/ferry-error.js';

/** A file that is not a compose file, or has too much in it; the message names its address. */
export class ComposeFault extends FerryError {
  constructor(message: string) {
    super(message, { code: 'upstream-format', decision: 'block' });
  }
}
