import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';

import type { TemporalClient } from '../../client/connect.js';
import { reconcileSchedules } from '../../client/reconcile-schedules.js';
import { queuesFor } from '../../client/worker-availability.js';
import { linkTokenVariable } from '../../composition/console/sign-in.js';
import { examineDocker } from '../../composition/open-docker-engine.js';
import { configWarnings } from '../../config/config-warnings.js';
import { distFolder } from '../../config/package-folder.js';
import { readUpConfig } from '../../config/read-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import type { ServerSettings } from '../../config/server-settings.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { syncAllWorkflowId } from '../../contract/workflow-names.js';
import { errorMessage } from '../../domain/error-message.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import { printTiming } from '../../domain/schedule-timing.js';
import { ferryUp } from '../../supervisor/ferry-up.js';
import { ExitStatus } from '../exit-status.js';
import { syncAfterFetches } from '../fetch-before-sync.js';
import { interruptible } from '../interruption.js';
import { warningOfMissingWorker } from '../missing-worker-warning.js';
import { printMessage } from '../output.js';
import { requestAndReportSync, waitForSync } from '../request-sync.js';
import { startupBanner } from '../startup-banner.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { withStores } from '../with-stores.js';
import { withTemporalAt } from '../with-temporal.js';

export interface UpOptions {
  readonly untilIdle?: boolean;
  /** Upstreams to check before the sync run. */
  readonly fetch?: readonly string[];
  readonly json?: boolean;
}

export async function upCommand(options: UpOptions): Promise<number> {
  const { untilIdle = false, fetch = [] } = options;
  // The console of a first start shows what to set. One run for its exit status has nothing to do without targets.
  const { config, server } = readUpConfig(process.env, { mayLackTargets: !untilIdle });
  assertUpstreams(fetch, untilIdle, config);
  for (const note of configWarnings(process.env)) printMessage(`note: ${note}`);
  const interruption = interruptible(() => printMessage('Stopping ... (press Ctrl-C again to stop immediately)'));
  const { signal } = interruption;
  try {
    return await runUntil(signal, config, server, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    // Without --until-idle a signal is the normal way to stop.
    if (!untilIdle) return ExitStatus.done;
    printMessage(`interrupted; ${describeContinuation(config)}`);
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
}

function describeContinuation(config: FerryConfig): string {
  return config.temporal.address === undefined
    ? 'the next start continues the work in progress: "ferry status" shows its state'
    : `a started sync run stays in Temporal and continues as soon as a worker polls. To cancel it: ${cancelCommand(temporalConnection(config), syncAllWorkflowId)}`;
}

async function runUntil(
  signal: AbortSignal,
  config: FerryConfig,
  server: ServerSettings,
  { untilIdle = false, fetch = [], json = false }: UpOptions,
): Promise<number> {
  // Opens the database here first: a wrong password then gives one clear message instead of a worker that keeps
  // crashing.
  await withStores(config, async () => undefined, { creates: true });
  const notifications = untilIdle ? await import('../last-notifications.js') : undefined;
  await notifications?.beginNotifications(config, signal);
  const dockerFault = await dockerPreflight(config, signal);
  if (untilIdle && dockerFault !== undefined && config.temporal.address === undefined) {
    // Only this machine's worker could copy these images, and no later run would make up for it.
    throw new FerryError(`the sync run would be incomplete: ${dockerFault}`, {
      code: 'configuration',
      decision: 'block',
    });
  }
  signal.throwIfAborted();

  const temporal = config.temporal.address === undefined ? 'Temporal' : undefined;
  const hasTargets = config.targets.length > 0;
  const parts = [temporal, hasTargets ? 'the worker' : undefined, untilIdle ? undefined : 'the server'].filter(
    (part) => part !== undefined,
  );
  printMessage(`Starting ${parts.join(', ').replace(/, (?=[^,]*$)/, ' and ')} ...`);
  const linkToken = server.signIn.byLink && !untilIdle ? randomBytes(24).toString('base64url') : undefined;
  const up = await ferryUp({
    config,
    ...(hasTargets ? { workerPath: processPath('worker-main.js') } : {}),
    // A single run accepts no requests and keeps no schedules.
    ...(untilIdle ? {} : { serverPath: processPath('server-main.js') }),
    variables: { ...process.env, ...(untilIdle ? { FERRY_SCHEDULES: 'off' } : {}), [linkTokenVariable]: linkToken },
    say: printMessage,
    signal,
  });
  try {
    for (const line of startupBanner(up, config, server, linkToken)) printMessage(line);
    if (dockerFault !== undefined) printMessage(`note: ${dockerFault}; the daemon is checked again every 30 s`);
    if (!hasTargets) {
      printMessage('Running for the console alone: no worker, no schedules, no sync run. Ctrl-C stops it.');
      if (!signal.aborted) await once(signal, 'abort');
      return ExitStatus.done;
    }
    const { namespace, connection } = config.temporal;
    return await withTemporalAt({ address: up.address, namespace, connection }, async (temporal) => {
      if (untilIdle) {
        try {
          return await oneRun(temporal, fetch, { json, signal, queues: queuesFor(config.targets) });
        } finally {
          // Also of a run that failed as a whole.
          await notifications?.sendLastNotifications(config, signal);
        }
      }
      await reconcileOnStart(temporal, config);
      await requestAndReportSync(temporal, 'ferry up');
      printMessage('Running. Ctrl-C stops it; the next start continues the work in progress.');
      if (!signal.aborted) await once(signal, 'abort');
      return ExitStatus.done;
    });
  } finally {
    await up.stop();
  }
}

/** Returns why this machine cannot serve targets behind a Docker daemon; undefined if it can, or if there are none. */
async function dockerPreflight(
  config: Pick<FerryConfig, 'docker' | 'targets'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const through = config.targets.filter(({ engine }) => engine === 'docker').map(({ name }) => name);
  if (through.length === 0) return undefined;
  try {
    await examineDocker(config, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `this machine cannot copy to ${through.join(', ')}: ${errorMessage(error)}`;
  }
}

async function oneRun(
  temporal: TemporalClient,
  upstreams: readonly string[],
  {
    json,
    signal,
    queues,
  }: { readonly json: boolean; readonly signal: AbortSignal; readonly queues: readonly TaskQueue[] },
): Promise<number> {
  const run = async (): Promise<number> => {
    const runId = await requestAndReportSync(temporal, 'ferry up --until-idle');
    return await warningOfMissingWorker(temporal, waitForSync(temporal, runId, { json, signal }), { queues });
  };
  return await syncAfterFetches(temporal, upstreams, run, { json, signal });
}

async function reconcileOnStart(temporal: TemporalClient, { schedules }: FerryConfig): Promise<void> {
  if (!schedules.areKept) return;
  const ensured = await reconcileSchedules(temporal, schedules, { takesOver: true });
  for (const { id, reason } of ensured)
    if (reason !== undefined) printMessage(`note: schedule ${id} is unchanged: ${reason}`);
  const lines = schedules.settings.map(({ id, timing }) => `${id} ${printTiming({ ...timing, offsetMs: 0 })}`);
  printMessage(`Schedules: ${lines.join(', ')}; "ferry schedules show" lists the next runs`);
}

function assertUpstreams(names: readonly string[], untilIdle: boolean, { upstreams }: FerryConfig): void {
  if (names.length > 0 && !untilIdle) {
    throw new InvalidInput('--fetch needs --until-idle; without it, schedules check the upstreams', 'configuration');
  }
  const unknown = names.find((name) => !upstreams.some((upstream) => upstream.name === name));
  if (unknown === undefined) return;
  const known = upstreams.map(({ name }) => name).join(', ');
  throw new InvalidInput(`--fetch ${unknown}: unknown upstream; configured: ${known}`, 'configuration');
}

/** The processes are bundled together with the commands. */
function processPath(name: string): string {
  return join(distFolder, 'ferry', name);
}
