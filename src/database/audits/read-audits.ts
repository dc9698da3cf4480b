/** Reads `audits`. */
import { emptyAudit } from '../../domain/audit.js';
import type { AuditScope, AuditSummary } from '../../domain/audit.js';
import type { Queries } from '../dialect-differences.js';
import { readJsonColumn } from '../json-column.js';
import type { AuditsTable } from '../tables.js';
import type { AuditReport, FinishedAudit } from './audit-views.js';

/** The newest audits, the newest first. */
export async function readAudits(queries: Queries, limit: number): Promise<readonly AuditReport[]> {
  const rows = await queries
    .selectFrom('audits')
    .selectAll()
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(reportOf);
}

/** Audits that ended after a time, the first that ended first. @param after UTC milliseconds */
export async function readFinishedAudits(queries: Queries, after: number): Promise<readonly FinishedAudit[]> {
  const rows = await queries
    .selectFrom('audits')
    .selectAll()
    .where('finished_at', '>', after)
    .orderBy('finished_at')
    .execute();
  return rows.map((row) => ({ ...reportOf(row), finishedAt: Number(row.finished_at) }));
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
