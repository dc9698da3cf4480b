import type { CopyReport, TargetResult } from '../../packages/registry/src/copy-types.js';
import { megabytes, printLine, say } from './output.js';

export function printCopyReport(report: CopyReport): void {
  printTargets(report);
  const { targets, failures, bytesRead } = report;
  const all = targets.length + failures.length;
  say(
    `${targets.length} of ${all} ${all === 1 ? 'target' : 'targets'} done, ${megabytes(bytesRead)} read from the source`,
  );
}

/** A line for each target on standard output; what went wrong, and what to do, on standard error. */
export function printTargets({ sourceDigest, targets, failures, missingPlatforms }: CopyReport): void {
  for (const target of targets) printLine(`${target.reference}@${target.digest}  ${describe(target)}`);
  for (const { replaces, extends: isExtended, reference, dropped, digest, unread } of targets) {
    if (unread !== undefined)
      say(`note: ${reference} is verified by the answer to PUT alone, it cannot be read back: ${unread}`);
    if (replaces !== undefined && isExtended === true) say(`note: platforms were added to ${reference}`);
    else if (replaces !== undefined) say(`note: ${reference} led to ${replaces} before`);
    for (const { digest: left, reason } of dropped) say(`note: ${reference} is without ${left}: ${reason}`);
    if (dropped.length > 0 && digest !== sourceDigest)
      say(`note: so its digest is ${digest}, where the source has ${sourceDigest}`);
  }
  // The same for each target that is told it: it is about the source.
  for (const note of new Set(targets.flatMap((target) => target.note ?? []))) say(`note: ${note}`);
  if (missingPlatforms.length > 0) say(`note: the source does not offer ${missingPlatforms.join(', ')}`);
  for (const { reference, failure } of failures) say(`failed: ${reference}: ${failure.message}`);
}

/** The report as data: the same fields, with failures as code, decision and reason. */
export function reportAsJson(report: CopyReport): object {
  return {
    ...report,
    failures: report.failures.map(({ target, reference, failure: { code, decision, message, retryAfterMs } }) => ({
      target,
      reference,
      code,
      decision,
      reason: message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })),
  };
}

function describe({ outcome, uploadedBlobs, mountedBlobs, skippedBlobs, bytesSent, referrers }: TargetResult): string {
  const company = referrers === undefined ? '' : `, with ${referrers} ${referrers === 1 ? 'referrer' : 'referrers'}`;
  if (outcome === 'already-there') return `was there already${company}`;
  const blobs = [
    [uploadedBlobs, 'sent'],
    [mountedBlobs, 'mounted'],
    [skippedBlobs, 'there already'],
  ] as const;
  const counts = blobs.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `copied${company} (blobs: ${counts.join(', ') || 'none'}; ${megabytes(bytesSent)} sent)`;
}
