import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { ProcessIdentity } from './process-identity.js';

/** What runs on this machine, for the other commands: `$FERRY_DATA_DIR/runtime.json`. */
export interface Runtime {
  readonly up: ProcessIdentity;
  /** Name of the machine or container that it runs in. */
  readonly host?: string;
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

/** Written whole, to the disk, and renamed: a reader never sees half of it, nor an empty file after a power cut. */
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
