import { FerryError } from '../domain/ferry-error.js';
import type { Decision } from '../domain/ferry-error.js';

/**
 * The kind of a database error:
 * - `conflict`: another writer was faster (deadlock, lock timeout, a key that was just inserted): the transaction is retried;
 * - `connection`: the server is unavailable, or was for a moment;
 * - `refused`: wrong user or password, no permission, no such database, no space: a person must act;
 * - `statement`: the database rejects the statement, and a retry does not help.
 */
export type DatabaseFaultKind = 'conflict' | 'connection' | 'refused' | 'statement';

const decisions: Readonly<Record<DatabaseFaultKind, Decision>> = {
  conflict: 'retry',
  connection: 'retry',
  refused: 'block',
  statement: 'block',
};

/**
 * A fault of the ferry's own database. Its message contains the server or file and what to do, never a password. A database
 * that refuses may be in a failover or out of space. Results must not be lost, so the write is retried until it succeeds.
 * A rejected statement is not retried.
 */
export class DatabaseFault extends FerryError {
  readonly faultKind: DatabaseFaultKind;

  constructor(message: string, faultKind: DatabaseFaultKind, cause?: unknown) {
    super(message, { code: 'database', decision: decisions[faultKind], mayHeal: faultKind !== 'statement', cause });
    this.faultKind = faultKind;
  }
}

/** The database does not exist. */
export class MissingDatabase extends DatabaseFault {}

/** @param what says where the database was expected and that it does not exist */
export function missingDatabase(what: string, cause?: unknown): MissingDatabase {
  return new MissingDatabase(`${what}: create it with "ferry up" or "ferry migrate"`, 'refused', cause);
}
