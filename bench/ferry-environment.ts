import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runFerry } from '../demo/ferry-process.js';
import { requireTool } from '../demo/tools.js';
import type { Invocation } from './contestants.js';

export interface FerryEnvironmentOptions {
  /** A folder of its own for data and configuration. */
  readonly folder: string;
  /** `127.0.0.1:port` */
  readonly sourceHost: string;
  readonly targetHosts: readonly string[];
  /** The variables of a MySQL; without them SQLite in the data folder. */
  readonly database?: Readonly<Record<string, string>>;
}

/** The environment in which `ferry up` and its commands run, with nothing of this machine's schedules. */
export function makeFerryEnvironment({
  folder,
  sourceHost,
  targetHosts,
  database = {},
}: FerryEnvironmentOptions): NodeJS.ProcessEnv {
  const configuration = join(folder, 'ferry.yaml');
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder, { recursive: true });
  // JSON is YAML, too.
  const text = JSON.stringify({
    hosts: { [sourceHost]: { scheme: 'http' } },
    targets: Object.fromEntries(
      targetHosts.map((host, n) => [`target-${n + 1}`, { registry: `http://${host}`, naming: 'private' }]),
    ),
  });
  writeFileSync(configuration, text);
  return {
    ...process.env,
    DOCKER_CONFIG: folder,
    FERRY_CONFIG: configuration,
    FERRY_DATA_DIR: dataFolder,
    FERRY_SCHEDULES: 'off',
    FERRY_TEMPORAL_CLI: requireTool('temporal'),
    ...database,
  };
}

/** Requests an image without starting a sync run. @throws Error with what the ferry said */
export async function addImage(reference: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { status, errors } = await runFerry(['add', reference, '--no-sync'], environment);
  if (status !== 0) throw new Error(`ferry add ended with ${status}:\n${errors}`);
}

/** Runs `ferry sync --wait` until nothing is pending. @returns the number of runs. @throws Error after the last one */
export async function syncUntilDone(environment: NodeJS.ProcessEnv, mostRuns: number): Promise<number> {
  for (let run = 1; ; run++) {
    const { status, errors, output } = await runFerry(['sync', '--wait'], environment);
    if (status === 0) return run;
    if (run === mostRuns) throw new Error(`ferry sync --wait ended with ${status}, ${run} times:\n${errors}${output}`);
  }
}

export function variablesOf(environment: NodeJS.ProcessEnv): Invocation['env'] {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
