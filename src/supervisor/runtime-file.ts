import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ProcessIdentity } from './process-identity.js';

/** The running processes of this machine, for other commands: `$FERRY_DATA_DIR/runtime.json`. */
export interface Runtime {
  readonly up: ProcessIdentity;
  /** Name of the machine or container that runs it. */
  readonly host?: string;
  readonly temporal?: {
    readonly address: string;
    /** Address of Temporal's web UI. */
    readonly ui?: string;
    /** Absent if the server is not ours. */
    readonly process?: ProcessIdentity;
  };
  readonly worker?: ProcessIdentity;
  readonly server?: {
    /** Address that the HTTP server listens on, `host:port`; absent until it does. */
    readonly address?: string;
    readonly process: ProcessIdentity;
  };
}

function runtimePath(dataDir: string): string {
  return join(dataDir, 'runtime.json');
}

/** Undefined if there is no valid file. */
export function readRuntime(dataDir: string): Runtime | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(runtimePath(dataDir), 'utf8'));
    return isRuntime(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Written to a new file, synced and renamed: a reader never sees half a file, nor an empty one after a power failure.
 */
export function writeRuntime(dataDir: string, runtime: Runtime): void {
  const path = runtimePath(dataDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(runtime, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
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
