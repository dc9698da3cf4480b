import { startFetch } from '../../client/start-fetch.js';
import { readUpstreamsConfig } from '../../config/read-config.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { FetchScope } from '../../domain/upstream.js';
import type { Upstream } from '../../domain/upstream.js';
import { ExitStatus } from '../exit-status.js';
import { watchFetch } from '../fetch-progress.js';
import { exitStatusOfFetch, printFetchResult } from '../fetch-summary.js';
import { meanings } from '../list-words.js';
import { warningOfMissingWorker } from '../missing-worker-warning.js';
import { printJson, printLine } from '../output.js';
import { cancelCommand } from '../temporal-command.js';
import { temporalConnection } from '../temporal-connection.js';
import { unlessInterrupted } from '../unless-interrupted.js';
import { withTemporal } from '../with-temporal.js';

export interface FetchOptions {
  readonly wait?: boolean;
  readonly scope?: string | undefined;
  readonly json?: boolean;
}

export async function fetchCommand(name: string | undefined, options: FetchOptions): Promise<number> {
  const { wait = false, json = false } = options;
  const config = readUpstreamsConfig(process.env);
  if (name === undefined) {
    const known = Object.fromEntries(config.upstreams.map((each) => [each.name, watched(each)]));
    throw new InvalidInput(`name an upstream: "ferry fetch" with one of\n${meanings(known)}`, 'configuration');
  }
  const upstream = config.upstreams.find((candidate) => candidate.name === name);
  if (upstream === undefined) {
    const known = config.upstreams.map((candidate) => candidate.name).join(', ');
    throw new InvalidInput(`unknown upstream ${name}; configured: ${known}`, 'configuration');
  }
  const scope = readScope(options.scope);

  return await withTemporal(config, async (temporal) => {
    const run = await startFetch(temporal, upstream.name, { scope });
    if (!wait) {
      if (json) printJson({ requested: true, ...run });
      else
        printLine(`Check of ${upstream.name} requested. "ferry fetch ${upstream.name} --wait" waits for the result.`);
      return ExitStatus.done;
    }
    const result = await unlessInterrupted(
      async (signal) => await warningOfMissingWorker(temporal, watchFetch(temporal, upstream.name, run, signal)),
      () =>
        `the worker continues the check of ${upstream.name}: "ferry status" shows it. To cancel it: ${cancelCommand(temporalConnection(config), run.workflowId)}`,
    );
    if (result === undefined) return ExitStatus.failed;
    if (json) printJson(result);
    else printFetchResult(result);
    return exitStatusOfFetch(result);
  });
}

/** Describes what a check of the upstream reads. */
function watched(upstream: Upstream): string {
  switch (upstream.kind) {
    case 'compose':
      return `images of ${upstream.file} in the newest release of ${upstream.repository}`;
    case 'kubernetes':
      return `images of ${upstream.files.join(', ')} in the newest release of ${upstream.repository}`;
    case 'helm':
      return `images of the chart ${upstream.chart} in the newest release of ${upstream.repository}`;
    case 'release':
      return `${upstream.images.join(', ')} of the newest release of ${upstream.repository}`;
    case 'tags':
      return `tags of ${upstream.image}`;
  }
}

function readScope(text: string | undefined): FetchScope | undefined {
  if (text === undefined) return undefined;
  const scope = Object.values(FetchScope).find((known) => known === text);
  if (scope !== undefined) return scope;
  throw new InvalidInput(`--scope ${text}: expected ${Object.values(FetchScope).join(' or ')}`, 'configuration');
}
