import type { CopyReport, TargetResult } from '@image-ferry/registry';

import { printBytes } from '../domain/byte-count.js';
import { describeContinued } from '../domain/transfer-meter.js';
import { printLine, printMessage } from './output.js';

export function printCopyReport(report: CopyReport): void {
  printTargets(report);
  const { targets, failures, bytesRead } = report;
  const all = targets.length + failures.length;
  printMessage(
    `${targets.length} of ${all} ${all === 1 ? 'target' : 'targets'} done, ${printBytes(bytesRead)} read from the source`,
  );
}

/** Prints one line per target on standard output; errors, with what to do, go to standard error. */
export function printTargets({ sourceDigest, targets, failures, missingPlatforms }: CopyReport): void {
  for (const target of targets) printLine(`${target.reference}@${target.digest}  ${describe(target)}`);
  for (const { replaces, extends: isExtended, reference, dropped, digest, unread, continued = [] } of targets) {
    for (const upload of continued) {
      printMessage(`note: ${reference}: the upload of ${upload.digest} ${describeContinued(upload)}`);
    }
    if (unread !== undefined)
      printMessage(`note: ${reference} is verified only by the response to PUT; it cannot be read back: ${unread}`);
    if (replaces !== undefined && isExtended === true) printMessage(`note: platforms were added to ${reference}`);
    else if (replaces !== undefined) printMessage(`note: ${reference} pointed to ${replaces} before`);
    for (const { digest: left, reason } of dropped) printMessage(`note: ${reference} is without ${left}: ${reason}`);
    if (dropped.length > 0 && digest !== sourceDigest)
      printMessage(`note: its digest is therefore ${digest}; the source's is ${sourceDigest}`);
  }
  // A note is about the source, so every target has the same one: it is printed once.
  for (const note of new Set(targets.flatMap((target) => target.note ?? []))) printMessage(`note: ${note}`);
  if (missingPlatforms.length > 0) printMessage(`note: the source does not offer ${missingPlatforms.join(', ')}`);
  for (const { reference, failure } of failures) printMessage(`failed: ${reference}: ${failure.message}`);
}

/** The report as JSON data: the same fields, with failures as code, decision and reason. */
export function reportAsJson(report: CopyReport): object {
  return {
    ...report,
    failures: report.failures.map(({ target, reference, failure: { code, decision, message, retryAfterMs } }) => ({
      target,
      reference,
      code,
      decision,
      reason: message,
      retryAfterMs,
    })),
  };
}

function describe({ outcome, uploadedBlobs, mountedBlobs, skippedBlobs, bytesSent, referrers }: TargetResult): string {
  const withReferrers =
    referrers === undefined ? '' : `, with ${referrers} ${referrers === 1 ? 'referrer' : 'referrers'}`;
  if (outcome === 'already-there') return `already present${withReferrers}`;
  const blobs = [
    [uploadedBlobs, 'sent'],
    [mountedBlobs, 'mounted'],
    [skippedBlobs, 'already present'],
  ] as const;
  const counts = blobs.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `copied${withReferrers} (blobs: ${counts.join(', ') || 'none'}; ${printBytes(bytesSent)} sent)`;
}
