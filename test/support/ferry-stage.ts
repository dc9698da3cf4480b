import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readAnswer, runFerry, startFerryUp } from '../../demo/ferry-process.js';
import type { CommandResult, FerryUpProcess } from '../../demo/ferry-process.js';
import { machineVariables } from '../../demo/machine-variables.js';
import { requireTool } from './tools.js';

export interface FerryStageOptions {
  /** Variables beyond those of every stage. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The content of `ferry.yaml`. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** A folder in which the compiled ferry runs, with its data and configuration and nothing of this machine's own. */
export interface FerryStage {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Runs one command and waits for its end. */
  ferry(...args: string[]): Promise<CommandResult>;
  /** The same for a command that prints JSON, whatever its exit status. */
  ask<Answer>(...args: string[]): Promise<Answer>;
  up(): Promise<FerryUpProcess>;
  /** Stops what `up` started, and removes the folder. */
  clear(): Promise<void>;
}

export function makeFerryStage({ environment: added = {}, configuration }: FerryStageOptions): FerryStage {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-stage-'));
  const configPath = join(folder, 'ferry.yaml');
  // JSON is valid YAML.
  writeFileSync(configPath, JSON.stringify(configuration));
  mkdirSync(join(folder, 'data'));
  const environment: NodeJS.ProcessEnv = {
    ...machineVariables(),
    DOCKER_CONFIG: folder,
    FERRY_CONFIG: configPath,
    FERRY_DATA_DIR: join(folder, 'data'),
    FERRY_TEMPORAL_CLI: requireTool('temporal'),
    // A schedule that becomes due during a test would send requests to GitHub.
    FERRY_SCHEDULES: 'off',
    ...added,
  };
  const running: FerryUpProcess[] = [];
  return {
    folder,
    environment,
    ferry: async (...args) => await runFerry(args, environment),
    async ask<Answer>(...args: string[]): Promise<Answer> {
      return readAnswer(args, await runFerry([...args, '--json'], environment));
    },
    async up() {
      const up = await startFerryUp({ folder, environment });
      running.push(up);
      return up;
    },
    async clear() {
      for (const up of running) await up.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
