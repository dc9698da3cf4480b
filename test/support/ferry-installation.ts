import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stopChild } from '../../demo/child-process.js';
import { startFerry } from '../../demo/ferry-process.js';
import { projectRoot } from '../../demo/tools.js';

const startTimeoutMs = 60_000;

/** A copy of the built ferry in a folder of its own, as a second release beside the first. */
export interface FerryInstallation {
  readonly program: string;
  clear(): void;
}

/** @param changeWorkflows what the other release does differently */
export function installFerry(changeWorkflows: (code: string) => string = (code) => code): FerryInstallation {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-installation-'));
  mkdirSync(join(folder, 'dist'));
  for (const part of ['bin', 'dist/ferry', 'package.json']) {
    cpSync(join(projectRoot, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  const bundle = join(folder, 'dist', 'ferry', 'workflow-bundle.cjs');
  writeFileSync(bundle, changeWorkflows(readFileSync(bundle, 'utf8')));
  return { program: join(folder, 'bin', 'ferry'), clear: () => rmSync(folder, { recursive: true, force: true }) };
}

/** `ferry worker` of an installation. */
export interface FerryWorker {
  readonly pid: number;
  log(): string;
  /** As an orchestrator does it: SIGTERM, and SIGKILL after its grace period. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a worker and waits until it polls. */
export async function startFerryWorker(
  { program }: Pick<FerryInstallation, 'program'>,
  environment: NodeJS.ProcessEnv,
): Promise<FerryWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-worker-'));
  const logPath = join(folder, 'log');
  const words = 'worker started';
  const child = await startFerry('worker', { program, environment, logPath, words, withinMs: startTimeoutMs });
  return {
    pid: child.pid ?? 0,
    log: () => readFileSync(logPath, 'utf8'),
    async stop(signal = 'SIGTERM') {
      await stopChild(child, signal, 150_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
