import { startFetch } from '../../client/fetch-upstream.js';
import { readUpstreamsConfig } from '../../config/read-config.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { FetchScope } from '../../domain/upstream.js';
import { ExitStatus } from '../exit-status.js';
import { exitStatusOfFetch, printFetchResult } from '../fetch-summary.js';
import { watchFetch } from '../live-fetch.js';
import { tellingOfMissingWorker } from '../missing-worker.js';
import { printJson, printLine } from '../output.js';
import { withTemporal } from '../with-temporal.js';

export interface FetchOptions {
  readonly wait?: boolean;
  readonly scope?: string;
  readonly json?: boolean;
}

export async function fetchCommand(name: string, options: FetchOptions): Promise<number> {
  const { wait = false, json = false } = options;
  const config = readUpstreamsConfig(process.env);
  const upstream = config.upstreams.find((candidate) => candidate.name === name);
  if (upstream === undefined) {
    const known = config.upstreams.map((candidate) => candidate.name).join(', ');
    throw new InvalidInput(`there is no upstream ${name}: configured are ${known}`, 'configuration');
  }
  const scope = readScope(options.scope);

  return await withTemporal(config, async (temporal) => {
    const run = await startFetch(temporal, upstream.name, scope === undefined ? {} : { scope });
    if (!wait) {
      if (json) printJson({ requested: true, ...run });
      else printLine(`A look at ${upstream.name} was asked for; "ferry fetch ${upstream.name} --wait" waits for one.`);
      return ExitStatus.done;
    }
    const result = await tellingOfMissingWorker(temporal, watchFetch(temporal, upstream.name, run));
    if (json) printJson(result);
    else printFetchResult(result);
    return exitStatusOfFetch(result);
  });
}

function readScope(text: string | undefined): FetchScope | undefined {
  if (text === undefined) return undefined;
  const scope = Object.values(FetchScope).find((known) => known === text);
  if (scope !== undefined) return scope;
  throw new InvalidInput(
    `--scope ${text}: expected one of ${Object.values(FetchScope).join(' and ')}`,
    'configuration',
  );
}
