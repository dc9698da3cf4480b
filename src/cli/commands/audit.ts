import type { TemporalClient } from '../../client/connect.js';
import { auditResult, startAudit } from '../../client/start-audit.js';
import { syncResult } from '../../client/sync-requests.js';
import { readTargetsConfig } from '../../config/read-config.js';
import type { TargetsConfig } from '../../config/read-config.js';
import { TaskQueue } from '../../contract/task-queues.js';
import { auditWorkflowId } from '../../contract/workflow-names.js';
import type { AuditReport, FollowedFinding } from '../../database/audits/audit-views.js';
import { coversScope } from '../../domain/audit.js';
import { printAudit } from '../audit-report.js';
import { ExitStatus } from '../exit-status.js';
import { assertTarget } from '../known-target.js';
import { printMissingWorkers, warningOfMissingWorker } from '../missing-worker-warning.js';
import { printJson, printLine, printMessage } from '../output.js';
import { requestAndReportSync } from '../request-sync.js';
import { watchSync } from '../sync-progress.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { withStores } from '../with-stores.js';
import { withTemporal } from '../with-temporal.js';

export interface AuditOptions {
  readonly target?: readonly string[];
  readonly deep?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

export async function auditCommand({
  target,
  deep = false,
  wait = false,
  json = false,
}: AuditOptions): Promise<number> {
  const config = readTargetsConfig(process.env);
  for (const name of target ?? []) assertTarget(name, config);

  return await withTemporal(config, async (temporal) => {
    const run = await startAudit(temporal, { targets: target, deep, who: 'cli' });
    if (!wait) {
      await printMissingWorkers(temporal, [TaskQueue.main]);
      if (json) printJson({ requested: true, ...run });
      else printLine('Audit requested. "ferry audit --wait" waits for the result, "ferry status" shows the last one.');
      return ExitStatus.done;
    }
    const audited = await unlessInterrupted(
      async (signal) => await waitForAudit(temporal, config, { run, signal }),
      () =>
        `the worker continues the audit: "ferry status" shows its result. To cancel it: ${cancelCommand(temporalConnection(config), auditWorkflowId)}`,
    );
    if (audited === undefined) return ExitStatus.failed;
    const { report, findings, open } = audited;
    if (json) printJson({ ...report, findings });
    else printAudit(report, findings);
    // A request joins an audit that a person requested before.
    if (!coversScope(report.scope, { targets: target, deep })) {
      printMessage('this audit ran already and does not check all that was requested: run the command again');
      return ExitStatus.failed;
    }
    return exitStatusOf(report, open);
  });
}

interface Audited {
  readonly report: AuditReport;
  /** The first of them. */
  readonly findings: readonly FollowedFinding[];
  /** How many are not healed, of all. */
  readonly open: number;
}

/** Waits for the audit, and for the sync run that heals what it found. */
async function waitForAudit(
  temporal: TemporalClient,
  config: TargetsConfig,
  {
    run,
    signal,
  }: { readonly run: { readonly workflowId: string; readonly runId: string }; readonly signal: AbortSignal },
): Promise<Audited> {
  const { audit, summary } = await warningOfMissingWorker(temporal, auditResult(temporal, run, signal));
  if (summary.healing > 0) {
    printMessage(`${summary.healing} to heal: waiting for the sync run`);
    const syncRun = await requestAndReportSync(temporal, 'ferry audit');
    await watchSync(temporal, syncResult(temporal, syncRun, signal), signal);
  }
  return await withStores(config, async ({ audits }) => {
    const report = await audits.read(audit);
    if (report === undefined) throw new TypeError(`the audit ${audit} was not recorded`);
    return { report, findings: await audits.findings(audit), open: await audits.countOpen(audit) };
  });
}

/** What was found and healed is in order; what was not checked may be anything. */
function exitStatusOf({ summary, failure }: AuditReport, open: number): number {
  const isWhole = failure === undefined && summary.targets.every(({ notChecked }) => notChecked === 0);
  return open > 0 || !isWhole ? ExitStatus.failed : ExitStatus.done;
}
