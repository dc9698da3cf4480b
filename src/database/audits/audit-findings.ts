/** Reads and writes `audit_findings`. */
import type { CountedFindings, DriftAction, DriftKind, DriftOutcome } from '../../domain/audit.js';
import { CopyState, isThere } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import type { RecordedChange } from '../events.js';
import type { AuditFinding, FollowedFinding } from './audit-views.js';

/** A finding that is recorded already is not changed. */
export async function recordFindings(
  queries: Queries,
  dialect: DialectDifferences,
  findings: readonly AuditFinding[],
): Promise<void> {
  await dialect.insertAbsent(queries, 'audit_findings', findings.map(rowOf), ['audit', 'image', 'target']);
}

/** What an audit found, by image and target. */
export async function readFindings(
  queries: Queries,
  audit: string,
  limit: number,
): Promise<readonly FollowedFinding[]> {
  const rows = await queries
    .selectFrom('audit_findings')
    .leftJoin('image_copies', (join) =>
      join
        .onRef('image_copies.image', '=', 'audit_findings.image')
        .onRef('image_copies.target', '=', 'audit_findings.target'),
    )
    .selectAll('audit_findings')
    .select('image_copies.state as state_today')
    .where('audit', '=', audit)
    .orderBy('audit_findings.image')
    .orderBy('audit_findings.target')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    audit: row.audit,
    image: row.image,
    target: row.target,
    kind: row.kind as DriftKind,
    action: row.action as DriftAction,
    reference: row.reference,
    expected: row.expected,
    found: row.found ?? undefined,
    reason: row.reason,
    foundAt: row.found_at,
    healedAt: row.healed_at ?? undefined,
    outcome: outcomeOf(row),
  }));
}

function outcomeOf(row: {
  readonly action: string;
  readonly healed_at: number | null;
  readonly state_today: string | null;
}): DriftOutcome {
  if (row.healed_at !== null) return 'healed';
  const action = row.action as DriftAction;
  return action === 'healing' && row.state_today === CopyState.blocked ? 'blocked' : action;
}

/** How many findings of each kind an audit has on each target. */
export async function countFindings(queries: Queries, audit: string): Promise<readonly CountedFindings[]> {
  const rows = await queries
    .selectFrom('audit_findings')
    .select(['target', 'kind', 'action', (is) => is.fn.countAll().as('copies')])
    .where('audit', '=', audit)
    .groupBy(['target', 'kind', 'action'])
    .execute();
  return rows.map(({ target, kind, action, copies }) => ({
    target,
    kind: kind as DriftKind,
    action: action as DriftAction,
    copies: Number(copies),
  }));
}

/** How many findings of an audit are not healed. */
export async function countOpenFindings(queries: Queries, audit: string): Promise<number> {
  const { copies } = await queries
    .selectFrom('audit_findings')
    .select((is) => is.fn.countAll().as('copies'))
    .where('audit', '=', audit)
    .where('healed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(copies);
}

/** Notes when copies were healed. To be called in the transaction that heals them. */
export async function recordHealed(queries: Queries, changes: readonly RecordedChange[], at: number): Promise<void> {
  for (const { kind, image, target, to } of changes) {
    const isRight = kind === 'healed' || (kind === 'rolled-back' && isThere(to));
    if (!isRight || target === undefined) continue;
    await queries
      .updateTable('audit_findings')
      .set({ healed_at: at })
      .where('image', '=', image)
      .where('target', '=', target)
      .where('healed_at', 'is', null)
      .execute();
  }
}

function rowOf(finding: AuditFinding) {
  return {
    audit: finding.audit,
    image: finding.image,
    target: finding.target,
    kind: finding.kind,
    action: finding.action,
    reference: finding.reference,
    expected: finding.expected,
    found: finding.found ?? null,
    reason: finding.reason,
    found_at: finding.foundAt,
    healed_at: null,
  };
}
