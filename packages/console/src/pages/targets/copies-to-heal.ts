import type { Audit } from '../../api/types.js';

interface AuditResult extends Pick<Audit, 'summary'> {
  readonly findings: readonly Pick<Audit['findings'][number], 'outcome'>[];
}

/**
 * Copies that wait for a sync run. The summary's count is of the end of the audit; findings, when all of them are here, say what
 * became of each since.
 */
export function copiesToHeal({ summary, findings }: AuditResult): number {
  const found = summary.targets.reduce((sum, { lost, changed, incomplete }) => sum + lost + changed + incomplete, 0);
  return findings.length < found ? summary.healing : findings.filter(({ outcome }) => outcome === 'healing').length;
}
