/** How commands show an audit. */
import type { AuditReport, FollowedFinding } from '../database/audits/audit-views.js';
import { driftCodes } from '../domain/audit.js';
import type { AuditSummary, DriftOutcome } from '../domain/audit.js';
import { localTime } from './local-time.js';
import { printLine, printTable } from './output.js';

const findingsShown = 50;

export function printAudit({ summary, failure }: AuditReport, findings: readonly FollowedFinding[]): void {
  const { targets, notChecked } = summary;
  const count = (outcome: DriftOutcome): number => findings.filter((finding) => finding.outcome === outcome).length;
  if (targets.length === 0) printLine('No copy to check.');
  else {
    printTable(
      ['TARGET', 'CHECKED', 'IN DEPTH', 'LOST', 'CHANGED', 'INCOMPLETE', 'NOT CHECKED', 'REQUESTS'],
      targets.map(({ target, checked, deep, lost, changed, incomplete, notChecked: left, requests }) => [
        target,
        ...[checked, deep, lost, changed, incomplete, left, requests].map(String),
      ]),
    );
  }
  if (findings.length > 0) {
    printLine();
    printTable(
      ['IMAGE', 'TARGET', 'FOUND', 'THEN', 'REASON'],
      findings
        .slice(0, findingsShown)
        .map((finding) => [finding.image, finding.target, driftCodes[finding.kind], finding.outcome, finding.reason]),
    );
    if (findings.length > findingsShown) printLine(`… and ${findings.length - findingsShown} more ("--json" has all)`);
  }
  for (const { target, code, reason, count } of notChecked) {
    printLine(`Not checked on ${target}: ${count} (${code}: ${reason})`);
  }
  const [open, blocked] = [count('healing'), count('blocked')];
  if (open > 0) printLine(`${open} not healed yet: "ferry status IMAGE" shows why, and sync runs go on trying.`);
  if (blocked > 0) printLine(`${blocked} blocked: "ferry status IMAGE" shows why, and what to do.`);
  if (failure !== undefined) printLine(`It ended early: ${failure}`);
}

/** One line for the overview. */
export function describeAudit({ startedAt, finishedAt, summary, failure, scope }: AuditReport): string {
  const kind = scope.deep ? 'Last audit (in depth)' : 'Last audit';
  const when = localTime(startedAt);
  if (finishedAt === undefined) return `${kind}: ${when}, still running`;
  const { checked, lost, changed, incomplete, notChecked } = totals(summary);
  const found =
    lost + changed + incomplete === 0
      ? 'all as recorded'
      : `${lost} lost, ${changed} changed, ${incomplete} incomplete`;
  const left = notChecked === 0 ? '' : `, ${notChecked} not checked`;
  const early = failure === undefined ? '' : `; it ended early: ${failure}`;
  return `${kind}: ${when}, ${checked} copies checked, ${found}${left}${early}`;
}

function totals({ targets }: AuditSummary) {
  const sum = (value: (target: AuditSummary['targets'][number]) => number): number =>
    targets.reduce((total, target) => total + value(target), 0);
  return {
    checked: sum(({ checked }) => checked),
    lost: sum(({ lost }) => lost),
    changed: sum(({ changed }) => changed),
    incomplete: sum(({ incomplete }) => incomplete),
    notChecked: sum(({ notChecked }) => notChecked),
  };
}
