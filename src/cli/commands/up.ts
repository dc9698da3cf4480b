import { once } from 'node:events';
import { join } from 'node:path';

import type { TemporalClient } from '../../client/connect.js';
import { reconcileSchedules } from '../../client/reconcile-schedules.js';
import { queuesFor } from '../../client/worker-availability.js';
import type { FerryConfig } from '../../config/read-config.js';
import { distFolder } from '../../config/package-folder.js';
import { readUpConfig } from '../../config/read-config.js';
import type { ServerSettings } from '../../config/server-settings.js';
import { configWarnings } from '../../config/config-warnings.js';
import type { TaskQueue } from '../../contract/task-queues.js';
import { SYNC_ALL_WORKFLOW_ID } from '../../contract/workflow-names.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import { printTiming } from '../../domain/schedule-timing.js';
import { ferryUp } from '../../supervisor/ferry-up.js';
import { requestAndReportSync, waitForSync } from '../request-sync.js';
import { dockerPreflight } from '../docker-preflight.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { syncAfterFetches } from '../fetch-before-sync.js';
import { warningOfMissingWorker } from '../missing-worker-warning.js';
import { say } from '../output.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { startupBanner } from '../startup-banner.js';
import { withStores } from '../with-stores.js';
import { withTemporalAt } from '../with-temporal.js';

export interface UpOptions {
  readonly untilIdle?: boolean;
  /** Upstreams that are looked at before the run. */
  readonly fetch?: readonly string[];
  readonly json?: boolean;
}

export async function upCommand(options: UpOptions): Promise<number> {
  const { untilIdle = false, fetch = [] } = options;
  const { config, server } = readUpConfig(process.env);
  assertUpstreams(fetch, untilIdle, config);
  for (const note of configWarnings(process.env)) say(`note: ${note}`);
  const interruption = interruptible(() => say('Stopping ... (once more ends it at once)'));
  const { signal } = interruption;
  try {
    return await runUntil(signal, config, server, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    // A ferry that runs for ever is simply stopped.
    if (!untilIdle) return ExitStatus.done;
    say(`interrupted; ${whatGoesOn(config)}`);
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
}

function whatGoesOn(config: FerryConfig): string {
  return config.temporal.address === undefined
    ? 'what was in work goes on at the next start: "ferry status" shows how things stand'
    : `a run that has begun stays in Temporal, and goes on as soon as a worker polls it; this stops it: ${cancelCommand(temporalConnection(config), SYNC_ALL_WORKFLOW_ID)}`;
}

async function runUntil(
  signal: AbortSignal,
  config: FerryConfig,
  server: ServerSettings,
  { untilIdle = false, fetch = [], json = false }: UpOptions,
): Promise<number> {
  // The database is opened here first: a wrong password is one clear message, not a worker that dies again and again.
  await withStores(config, async () => undefined, { creates: true });
  const trouble = await dockerPreflight(config, signal);
  if (untilIdle && trouble !== undefined && config.temporal.address === undefined) {
    // Nobody but the worker of this machine could do it, and no later run makes up for it.
    throw new FerryError(`the run would not do all that it is for: ${trouble}`, {
      code: 'configuration',
      decision: 'block',
    });
  }
  signal.throwIfAborted();

  const temporal = config.temporal.address === undefined ? 'Temporal' : undefined;
  const parts = [temporal, 'the worker', untilIdle ? undefined : 'the server'].filter((part) => part !== undefined);
  say(`Starting ${parts.join(', ').replace(/, (?=[^,]*$)/, ' and ')} ...`);
  const up = await ferryUp({
    config,
    workerPath: processPath('worker-main.js'),
    // One run takes no requests, and nothing is to happen by itself.
    ...(untilIdle ? {} : { serverPath: processPath('server-main.js') }),
    variables: untilIdle ? { ...process.env, FERRY_SCHEDULES: 'off' } : process.env,
    say,
    signal,
  });
  try {
    for (const line of startupBanner(up, config, server)) say(line);
    if (trouble !== undefined) say(`note: ${trouble}; the daemon is looked for again every half minute`);
    const { namespace, connection } = config.temporal;
    return await withTemporalAt({ address: up.address, namespace, connection }, async (temporal) => {
      if (untilIdle) return await oneRun(temporal, fetch, { json, signal, queues: queuesFor(config.targets) });
      await reconcileOnStart(temporal, config);
      await requestAndReportSync(temporal, 'ferry up');
      say('Running; Ctrl-C stops it, what is in work goes on at the next start.');
      if (!signal.aborted) await once(signal, 'abort');
      return ExitStatus.done;
    });
  } finally {
    await up.stop();
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
  const pass = async (): Promise<number> => {
    const runId = await requestAndReportSync(temporal, 'ferry up --until-idle');
    return await warningOfMissingWorker(temporal, waitForSync(temporal, runId, { json, signal }), { queues });
  };
  return await syncAfterFetches(temporal, upstreams, pass, { json, signal });
}

async function reconcileOnStart(temporal: TemporalClient, { schedules }: FerryConfig): Promise<void> {
  if (!schedules.areKept) return;
  const ensured = await reconcileSchedules(temporal, schedules, { takesOver: true });
  for (const { id, reason } of ensured) if (reason !== undefined) say(`note: schedule ${id} is left: ${reason}`);
  const lines = schedules.settings.map(({ id, timing }) => `${id} ${printTiming({ ...timing, offsetMs: 0 })}`);
  say(`Schedules: ${lines.join(', ')}; "ferry schedules show" says when next`);
}

function assertUpstreams(names: readonly string[], untilIdle: boolean, { upstreams }: FerryConfig): void {
  if (names.length > 0 && !untilIdle) {
    throw new InvalidInput('--fetch goes with --until-idle; otherwise schedules look at upstreams', 'configuration');
  }
  const unknown = names.find((name) => !upstreams.some((upstream) => upstream.name === name));
  if (unknown === undefined) return;
  const known = upstreams.map(({ name }) => name).join(', ');
  throw new InvalidInput(`--fetch ${unknown}: no such upstream; configured are ${known}`, 'configuration');
}

/** The processes are bundled with the commands. */
function processPath(name: string): string {
  return join(distFolder, 'ferry', name);
}
