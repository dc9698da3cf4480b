import { FerryError } from '../domain/ferry-error.js';
import type { Decision } from '../domain/ferry-error.js';

/**
 * What kind of trouble it was:
 * - `conflict`: another writer was faster (deadlock, lock time-out, a key that just came into being): the transaction
 *   is worth repeating as it was;
 * - `connection`: the server is away, or was for a moment;
 * - `refused`: wrong user or password, no permission, no such database, no space: a person has to act;
 * - `statement`: the database does not accept what it was told, which a repetition does not change.
 */
export type DatabaseFaultKind = 'conflict' | 'connection' | 'refused' | 'statement';

const DECISIONS: Readonly<Record<DatabaseFaultKind, Decision>> = {
  conflict: 'retry',
  connection: 'retry',
  refused: 'block',
  statement: 'block',
};

/**
 * A fault of the ferry's own database. Its message names the server or file and what to do, never a password. A database
 * that refuses may be in a failover or out of room: what is to be recorded must not be lost, so it is tried until it
 * works, whatever a person has to do there. A statement that it cannot understand will not work later.
 */
export class DatabaseFault extends FerryError {
  readonly trouble: DatabaseFaultKind;

  constructor(message: string, trouble: DatabaseFaultKind, cause?: unknown) {
    super(message, { code: 'database', decision: DECISIONS[trouble], mayHeal: trouble !== 'statement', cause });
    this.trouble = trouble;
  }
}

/** There is nothing to look at where a command looked. */
export class MissingDatabase extends DatabaseFault {}

/** @param what says where was looked, and that nothing is there */
export function missingDatabase(what: string, cause?: unknown): MissingDatabase {
  return new MissingDatabase(`${what}: "ferry up" or "ferry migrate" makes it`, 'refused', cause);
}
