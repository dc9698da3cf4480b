/** Reads `audits`. */
import { emptyAudit } from '../../domain/audit.js';
import type { AuditScope, AuditSummary } from '../../domain/audit.js';
import type { Queries } from '../dialect-differences.js';
import { readJsonColumn } from '../json-column.js';
import type { AuditsTable } from '../tables.js';
import type { AuditReport } from './audit-views.js';

/** The newest audits, the newest first. */
export async function readAudits(queries: Queries, limit: number): Promise<readonly AuditReport[]> {
  const rows = await queries.selectFrom('audits').selectAll().orderBy('started_at', 'desc').limit(limit).execute();
  return rows.map(reportOf);
}

export async function readAudit(queries: Queries, id: string): Promise<AuditReport | undefined> {
  const row = await queries.selectFrom('audits').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : reportOf(row);
}

function reportOf(row: AuditsTable): AuditReport {
  return {
    id: row.id,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    who: row.who,
    scope: (readJsonColumn(row.scope) as AuditScope | undefined) ?? { deep: false },
    summary: (readJsonColumn(row.summary) as AuditSummary | undefined) ?? emptyAudit,
    failure: row.failure ?? undefined,
  };
}
