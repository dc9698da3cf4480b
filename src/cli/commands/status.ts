import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { glanceAtTemporal } from '../../client/glance/temporal-glance.js';
import type { TemporalGlance } from '../../client/glance/temporal-glance.js';
import type { RunningFetch } from '../../client/running-fetches.js';
import { queuesFor } from '../../client/worker-availability.js';
import { readBaseConfig } from '../../config/base-config.js';
import type { BaseConfig } from '../../config/base-config.js';
import type { TargetsConfig } from '../../config/read-config.js';
import { TaskQueue } from '../../contract/task-queues.js';
import { PullBudgetStore } from '../../database/pull-budget-store.js';
import type { PullBudget } from '../../database/pull-budget-store.js';
import { StatusQueries } from '../../database/status-queries.js';
import type { ImageStatus, Overview } from '../../database/status-views.js';
import { printBytes } from '../../domain/byte-count.js';
import { printDuration } from '../../domain/duration.js';
import { FerryError } from '../../domain/ferry-error.js';
import { describeAudit } from '../audit-report.js';
import { ExitStatus } from '../exit-status.js';
import { localTime } from '../local-time.js';
import { missingWorker, printMissingWorkers } from '../missing-worker-warning.js';
import { printJson, printLine, printTable, printMessage } from '../output.js';
import { temporalConnection } from '../temporal-connection.js';
import { unverifiedRows } from '../unverified-rows.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';

const allQueues = Object.values(TaskQueue);

export async function statusCommand(
  image: string | undefined,
  { json = false }: { readonly json?: boolean },
): Promise<number> {
  if (image === undefined) {
    await showEverything(json);
    return ExitStatus.done;
  }
  const config = readBaseConfig(process.env);
  const canonical = printImageReference(parseImageReference(image));
  const status = await withReadOnlyDatabase(
    config,
    async (database) => await new StatusQueries(database).status(canonical),
  );
  if (json) printJson(status);
  else printImage(status);
  if (status.wanted.length > 0 || status.pushed.length > 0) return ExitStatus.done;
  printMessage(`${canonical} was never requested: "ferry add ${canonical}" adds it`);
  return ExitStatus.failed;
}

/** The database and Temporal answer while the rest of the configuration is loaded. */
async function showEverything(json: boolean): Promise<void> {
  const base = readBase();
  const counting = base === undefined ? undefined : readCounts(base);
  const glancing = base === undefined ? undefined : glanceAtTemporal(temporalConnection(base), allQueues, process.env);
  // A wrong configuration is reported first.
  counting?.catch(() => undefined);
  const { readTargetsConfig } = await import('../../config/read-config.js');
  const config = readTargetsConfig(process.env);
  const [overview, allowances] = await (counting ?? readCounts(config));
  if (!json) {
    printOverview(overview);
    printAllowances(allowances);
  }
  const running = await askTemporal(config, overview.wanted.pending > 0, await glancing);
  if (json) printJson({ ...overview, allowances, ...running });
  else printFetches(running.fetches ?? []);
}

/** Undefined if it is wrong: the whole configuration is reported then. */
function readBase(): BaseConfig | undefined {
  try {
    return readBaseConfig(process.env);
  } catch (error) {
    if (error instanceof FerryError) return undefined;
    throw error;
  }
}

async function readCounts(config: BaseConfig): Promise<readonly [Overview, readonly PullBudget[]]> {
  return await withReadOnlyDatabase(config, async (database) => [
    await new StatusQueries(database).overview(),
    await new PullBudgetStore(database).budgets(),
  ]);
}

interface FromTemporal {
  /** Running checks of upstreams; absent if Temporal does not answer. */
  readonly fetches?: readonly RunningFetch[];
  /** Task queues that no worker polls; absent if Temporal does not answer or nothing is pending. */
  readonly unserved?: readonly TaskQueue[];
}

/** Returns the running checks, and the missing workers that keep pending images from being copied. */
async function askTemporal(
  config: TargetsConfig,
  isPending: boolean,
  glance: TemporalGlance | undefined,
): Promise<FromTemporal> {
  const queues = queuesFor(config.targets);
  if (glance?.runningFetches === 0) {
    const { note } = temporalConnection(config);
    if (note !== undefined) printMessage(`note: ${note}`);
    if (!isPending) return { fetches: [] };
    const unserved = queues.filter((queue) => glance.unserved.includes(queue));
    for (const queue of unserved) printMessage(missingWorker(queue));
    return { fetches: [], unserved };
  }
  try {
    const { withTemporal } = await import('../with-temporal.js');
    const { runningFetches } = await import('../../client/running-fetches.js');
    return await withTemporal(config, async (temporal) => {
      const fetches = await runningFetches(temporal);
      if (!isPending && fetches.length === 0) return { fetches };
      return { fetches, unserved: await printMissingWorkers(temporal, queues) };
    });
  } catch (error) {
    if (!(error instanceof FerryError)) throw error;
    printMessage(`note: ${isPending ? 'no image is being copied' : 'nothing is running'}: ${error.message}`);
    return {};
  }
}

function printFetches(fetches: readonly RunningFetch[]): void {
  if (fetches.length > 0) printLine();
  for (const { upstream, workflowId, startedAt, waitsFor } of fetches) {
    const wait = waitsFor === undefined ? '' : `; ${waitsFor}`;
    printLine(`Check of ${upstream}: running since ${localTime(startedAt)} as ${workflowId}${wait}`);
  }
}

function printOverview(overview: Overview): void {
  const { wanted, waiting, unverified = 0, unread = 0, targets, blockedBy, lastRun, lastAudit, held = 0 } = overview;
  const { pending, pushed, blocked, withdrawn } = wanted;
  if (pending + pushed + blocked + withdrawn === 0)
    printMessage('no image is wanted yet: "ferry add nginx:1.27" adds one');
  printLine(
    `Wanted: ${pushed} pushed, ${pending} pending, ${blocked} blocked` +
      (withdrawn === 0 ? '' : `, ${withdrawn} withdrawn`) +
      (waiting === 0 ? '' : `; ${waiting} of them tried before (every sync run retries them)`),
  );
  if (unverified > 0) printLine(unverifiedRows(unverified));
  if (unread > 0) {
    const rows = unread === 1 ? 'One row was' : `${unread} rows were`;
    printLine(`${rows} written by another program and not read yet: the next sync run reads them.`);
  }
  if (blockedBy.length > 0) {
    printLine(
      `Blocked: ${blockedBy.map(({ code, rows }) => `${code} (${rows})`).join(', ')}. "ferry list blocked" shows what to do.`,
    );
  }
  if (targets.length > 0) {
    printLine();
    printTable(
      ['TARGET', 'PUSHED', 'ADOPTED', 'WAITING', 'RETRYING', 'BLOCKED'],
      targets.map(({ target, copies }) => [
        target,
        ...[copies.pushed, copies.adopted, copies.waiting, copies.retrying, copies.blocked].map((count) =>
          String(count ?? 0),
        ),
      ]),
    );
  }
  if (held > 0)
    printLine(`${held === 1 ? 'One tag is' : `${held} tags are`} held by rollbacks: "ferry list held" shows them.`);
  if (lastRun !== undefined) printRun(lastRun);
  if (lastAudit !== undefined) printLine(describeAudit(lastAudit));
}

function printRun(lastRun: NonNullable<Overview['lastRun']>): void {
  const { startedAt, finishedAt, reasons, bytesRead, bytesSent, summary } = lastRun;
  printLine();
  printLine(
    `Last sync run: ${localTime(startedAt)}, ${finishedAt === undefined ? 'still running' : `took ${((finishedAt - startedAt) / 1000).toFixed(1)} s`}; ` +
      `${printBytes(bytesRead)} read, ${printBytes(bytesSent)} sent; requested by ${reasons.join(', ')}`,
  );
  const failure = summary?.['failure'];
  if (typeof failure === 'string') printLine(`It failed: ${failure}; the next sync run starts again.`);
}

/** Prints the remaining pulls of each source. The address or account is named if a host counts several separately. */
function printAllowances(allowances: readonly PullBudget[]): void {
  if (allowances.length > 0) printLine();
  for (const { host, rateLimitSource, pulls, windowMs, free, againAt } of allowances) {
    const whose = rateLimitSource === '' ? '' : ` (${rateLimitSource})`;
    const again = againAt === undefined ? '' : `, more at ${localTime(againAt)}`;
    printLine(`${host}${whose}: ${free} of ${pulls} pulls per ${printDuration(windowMs)} left${again}`);
  }
}

function printImage({ image, wanted, copies, pushed, events }: ImageStatus): void {
  printLine(image);
  if (wanted.length > 0) {
    printLine();
    printTable(
      ['PLATFORM', 'STATE', 'LAST CHECKED', 'REASON'],
      wanted.map(({ platform, state, checkedAt, code, reason, note, targets }) => [
        platform,
        state,
        checkedAt === undefined ? 'never' : localTime(checkedAt),
        [why({ code, reason }), note, targets && `only to ${targets.join(', ')}`]
          .filter((text) => text !== undefined)
          .join('; '),
      ]),
    );
  }
  const shown = new Set(wanted.map(why));
  if (copies.length > 0) {
    printLine();
    printTable(
      ['TARGET', 'STATE', 'ATTEMPTS', 'LAST TRIED', 'REFERENCE', 'REASON'],
      copies.map((copy) => [
        copy.target,
        copy.state,
        String(copy.attempts),
        localTime(copy.lastTriedAt),
        copy.reference ?? '',
        copy.code !== undefined && shown.has(why(copy)) ? 'as above' : (why(copy) ?? copy.reason ?? ''),
      ]),
    );
    for (const { target, held } of copies) {
      if (held === undefined) continue;
      const since = held.at === undefined ? '' : ` since ${localTime(held.at)}`;
      printLine(`Held on ${target} at ${held.digest}${since}: "ferry release ${image} --target ${target}" ends it.`);
    }
  }
  for (const { name, digest, platforms } of pushed) {
    printLine();
    printLine(name);
    printLine(`  ${digest}`);
    for (const { platform, digest: own, size } of platforms) {
      printLine(`  ${platform}  ${own ?? ''}  ${size === undefined ? '' : printBytes(size)}`.trimEnd());
    }
    const copy = copies.find(({ reference }) => reference === name);
    for (const { digest: left, reason } of copy?.dropped ?? []) printLine(`  left out: ${left} (${reason})`);
    if (copy?.replaced !== undefined) {
      printLine(`  replaced: ${copy.replaced}${copy.backup === undefined ? '' : `, backed up as ${copy.backup}`}`);
    }
  }
  if (events.length === 0) return;
  printLine();
  printTable(
    ['CHANGED', 'TARGET', 'FROM', 'TO', 'BY', 'REASON'],
    events.map(({ at, target = '', from = '', to, kind, who, code, reason }) => [
      localTime(at),
      target,
      from,
      to,
      who === undefined ? kind : `${kind} (${who})`,
      why({ code, reason }) ?? '',
    ]),
  );
}

function why({ code, reason }: { readonly code?: string | undefined; readonly reason?: string | undefined }) {
  // A pushed copy may have a note and no code.
  return code === undefined ? reason : `${code}: ${reason ?? ''}`;
}
