import { CancellationScope, continueAsNew, isCancellation, workflowInfo } from '@temporalio/workflow';

import type { AuditInput, AuditResult, CarriedAudit, CopyPosition } from '../contract/audit-messages.js';
import { addToAudit, emptyAudit } from '../domain/audit.js';
import type { AuditScope, AuditSummary } from '../domain/audit.js';
import { printRunCause } from '../domain/run-cause.js';
import { audits, database, requests } from './activity-proxies.js';
import { showDetails } from './show-details.js';
import { readFields, readOptionalText, refuseUnknownFields, refused } from './typed-input.js';
import { rootMessage } from './unreported-failure.js';

/** A page has about six events; Temporal suggests a new workflow run much later. */
const pagesPerRun = 500;

const expected = 'Audit expects nothing, or for example {"targets": ["aliyun"], "deep": true}';

/**
 * Audit checks every pushed copy on its target, page by page, and some of them in depth. What is lost or changed is pending
 * afterwards, unless the configuration wants reports alone: a sync run is requested, which heals it.
 */
export async function Audit(input: AuditInput = {}): Promise<AuditResult> {
  const { scope, who, carried } = readInput(input);
  const begun = carried ?? (await database.beginAudit({ who, scope }));
  const progress: Progress = { summary: carried?.summary ?? emptyAudit, after: carried?.after };
  const { audit, startedAt } = begun;
  try {
    await checkPages(begun, scope, progress);
  } catch (error) {
    const cancelled = isCancellation(error);
    const failure = cancelled ? 'it was cancelled' : rootMessage(error);
    const counted = cancelled ? { ...progress.summary, cancelled } : progress.summary;
    await CancellationScope.nonCancellable(async () => await end(audit, counted, failure));
    throw error;
  }
  const { summary, after } = progress;
  if (after !== undefined) {
    return await continueAsNew<typeof Audit>({ ...scope, who, carried: { audit, startedAt, after, summary } });
  }
  return { audit, summary: await end(audit, summary) };
}

interface Progress {
  summary: AuditSummary;
  /** The last copy that was checked; undefined before the first page, and at the end. */
  after: CopyPosition | undefined;
}

/** Checks the pages of one workflow run. */
async function checkPages(
  { audit, startedAt }: Pick<CarriedAudit, 'audit' | 'startedAt'>,
  scope: AuditScope,
  progress: Progress,
): Promise<void> {
  for (let pages = 0; pages < pagesPerRun; pages++) {
    const page = await audits.auditCopies({ audit, startedAt, scope, after: progress.after });
    progress.summary = addToAudit(progress.summary, page.summary);
    progress.after = page.next;
    showDetails(described(progress.summary));
    if (page.next === undefined) return;
  }
}

/** What was found before a failure is healed, too. */
async function end(audit: string, counted: AuditSummary, failure?: string): Promise<AuditSummary> {
  const summary = await database.finishAudit({ audit, summary: counted, failure });
  if (summary.healing > 0) {
    const reason = printRunCause('audit', { copies: String(summary.healing) });
    await requests.requestSync({ id: workflowInfo().runId, reason });
  }
  showDetails(described(summary));
  return summary;
}

function described({ targets, healing }: AuditSummary): string {
  const each = targets.map(
    ({ target, checked, lost, changed, incomplete, notChecked }) =>
      `${target}: ${checked} checked, ${lost} lost, ${changed} changed, ${incomplete} incomplete, ${notChecked} not checked`,
  );
  return [...each, `${healing} to heal`].join('; ');
}

/** The state of a workflow run before is not checked: it is never typed by hand. */
function readInput(input: unknown): {
  readonly scope: AuditScope;
  readonly who: string;
  readonly carried: CarriedAudit | undefined;
} {
  const { targets, deep, who, carried } = readFields(input, expected);
  refuseUnknownFields(input, ['targets', 'deep', 'who', 'carried'], expected);
  const isList = Array.isArray(targets) && targets.every((target) => typeof target === 'string');
  if (targets !== undefined && !isList) throw refused(expected);
  if (deep !== undefined && typeof deep !== 'boolean') throw refused(expected);
  const names = isList ? (targets as readonly string[]) : undefined;
  return {
    scope: { targets: names, deep: deep ?? false },
    who: readOptionalText(who, expected) ?? 'schedule',
    carried: carried as CarriedAudit | undefined,
  };
}
