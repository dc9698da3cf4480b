import type { TemporalClient } from '../../client/connect.js';
import { withTemporalErrors } from '../../client/retryable-temporal-errors.js';
import { startAudit } from '../../client/start-audit.js';
import { rollbackResult, startRollback } from '../../client/start-rollback.js';
import type { AuditInput, RollbackInput, RollbackResult } from '../../contract/audit-messages.js';
import { inTime } from '../temporal-work.js';

/** What audits and rollbacks ask of Temporal. Both throw FerryError `temporal` when it does not answer. */
export interface AuditWork {
  audit(input: AuditInput): Promise<{ readonly workflowId: string; readonly runId: string }>;
  /** @returns undefined if it was not made in time; it goes on. @throws FerryError `busy` during another one */
  rollback(input: RollbackInput): Promise<RollbackResult | undefined>;
}

/** Implements the work of audits with Temporal. */
export function temporalAuditWork(temporal: TemporalClient): AuditWork {
  const { connection } = temporal.client;
  return {
    audit: async (input) => await withTemporalErrors(async () => await startAudit(temporal, input)),
    rollback: async (input) => {
      const run = await withTemporalErrors(async () => await startRollback(temporal, input));
      return await inTime(
        async (deadline) => await connection.withDeadline(deadline, async () => await rollbackResult(temporal, run)),
      );
    },
  };
}
