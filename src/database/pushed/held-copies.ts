import { sql } from 'kysely';
import type { SqlBool } from 'kysely';

/** Copies that a rollback holds. SQLite uses an index for a range, and not for `is not null`. */
export const isHeld = sql<SqlBool>`held_digest > ''`;
