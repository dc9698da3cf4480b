import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ProcessIdentity } from './process-identity.js';

/** What runs on this machine, for the other commands: `$FERRY_DATA_DIR/runtime.json`. */
export interface Runtime {
  readonly up: ProcessIdentity;
  readonly temporal?: {
    readonly address: string;
    /** Address of Temporal's web page. */
    readonly ui?: string;
    /** Absent when the server is not ours. */
    readonly process?: ProcessIdentity;
  };
  readonly worker?: ProcessIdentity;
  readonly server?: {
    /** Where the webhook bridge listens: `host:port`. Absent until it does. */
    readonly address?: string;
    readonly process: ProcessIdentity;
  };
}

function runtimePath(dataDir: string): string {
  return join(dataDir, 'runtime.json');
}

/** Undefined when there is none, or what is there cannot be read as one. */
export function readRuntime(dataDir: string): Runtime | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(runtimePath(dataDir), 'utf8'));
    return isRuntime(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Written whole and renamed: a reader never sees half of it. */
export function writeRuntime(dataDir: string, runtime: Runtime): void {
  const path = runtimePath(dataDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(runtime, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

export function removeRuntime(dataDir: string): void {
  rmSync(runtimePath(dataDir), { force: true });
}

function isRuntime(value: unknown): value is Runtime {
  if (typeof value !== 'object' || value === null || !('up' in value)) return false;
  const { up } = value;
  return typeof up === 'object' && up !== null && 'pid' in up && typeof up.pid === 'number' && 'startedAt' in up;
}
