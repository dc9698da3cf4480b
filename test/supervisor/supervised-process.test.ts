import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { identifyProcess, isRunning } from '../../src/supervisor/process-identity.js';
import type { ProcessIdentity } from '../../src/supervisor/process-identity.js';
import { SupervisedProcess } from '../../src/supervisor/supervised-process.js';

describe('a supervised process', () => {
  let folder: string;
  let supervised: SupervisedProcess;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-supervised-'));
  });
  afterEach(async () => {
    await supervised.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function supervise(script: string): { started: ProcessIdentity[]; ready: number[]; deaths: string[] } {
    const seen = { started: [] as ProcessIdentity[], ready: [] as number[], deaths: [] as string[] };
    supervised = new SupervisedProcess(
      {
        name: 'child',
        file: process.execPath,
        args: ['-e', script],
        env: process.env,
        logPath: join(folder, 'child.log'),
        channel: true,
      },
      {
        onStarted: (identity) => seen.started.push(identity),
        onReady: () => seen.ready.push(Date.now()),
        onDied: ({ code, signal }) => seen.deaths.push(String(signal ?? code)),
      },
    );
    supervised.start();
    return seen;
  }

  test('a killed process is restarted, and its earlier output is kept', async () => {
    const seen = supervise('console.log("hello"); process.send("ready"); setInterval(() => {}, 1000)');
    await expect.poll(() => seen.ready.length, { timeout: 10_000 }).toBe(1);

    process.kill(seen.started[0]?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => seen.ready.length, { timeout: 10_000 }).toBe(2);

    expect(seen.deaths).toEqual(['SIGKILL']);
    expect(readFileSync(join(folder, 'child.log'), 'utf8')).toBe('hello\nhello\n');
  });

  test('a stopped process has ended and is not restarted', async () => {
    const seen = supervise('process.send("ready"); setInterval(() => {}, 1000)');
    await expect.poll(() => seen.ready.length, { timeout: 10_000 }).toBe(1);

    await supervised.stop();

    expect(seen.started.map(isRunning)).toEqual([false]);
    expect(seen.deaths).toEqual([]);
  });

  test('a process that keeps exiting is restarted with backoff', async () => {
    const pauses: number[] = [];
    supervised = new SupervisedProcess(
      {
        name: 'child',
        file: process.execPath,
        args: ['-e', 'process.exit(3)'],
        env: process.env,
        logPath: join(folder, 'child.log'),
        channel: true,
      },
      { onStarted: () => undefined, onDied: ({ restartInMs }) => pauses.push(restartInMs) },
    );

    supervised.start();
    await expect.poll(() => pauses.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);

    expect(pauses.slice(0, 3)).toEqual([250, 500, 1000]);
  });
});

test('a process is distinguished from a later one with the same process ID', () => {
  const own = identifyProcess(process.pid);

  expect(own === undefined ? undefined : isRunning(own)).toBe(true);
  expect(isRunning({ pid: process.pid, startedAt: 'some other time' })).toBe(false);
  expect(identifyProcess(2 ** 22 + 1)).toBeUndefined();
});
