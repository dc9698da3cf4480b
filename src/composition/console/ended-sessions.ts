import { MissingDatabase } from '../../database/database-fault.js';
import { FerryError } from '../../domain/ferry-error.js';
import { refusal } from '../../server/problems.js';
import type { EndedSessions } from '../../server/v1/sessions.js';
import type { StatusDatabase } from '../status-database.js';

/** The signed-out sessions in the database. While it cannot be asked, a session is neither valid nor ended: 503. */
export function endedSessions(reading: StatusDatabase, writing: StatusDatabase): EndedSessions {
  return {
    async hasEnded(id) {
      try {
        return await reading.read(async ({ endedSessions: store }) => await store.hasEnded(id));
      } catch (error) {
        // Before its first migration no session can have ended there.
        if (error instanceof MissingDatabase) return false;
        throw unavailable(error, 'whether this session was signed out cannot be checked');
      }
    },
    async end(id, expiresAt) {
      try {
        await writing.read(async ({ endedSessions: store }) => await store.end(id, expiresAt));
      } catch (error) {
        throw unavailable(error, 'the session could not be ended, sign out again later');
      }
    },
  };
}

function unavailable(error: unknown, what: string): unknown {
  if (!(error instanceof FerryError) || error.code !== 'database') return error;
  return refusal(503, `${what}: ${error.message}`, { 'retry-after': '10' });
}
