import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { startChild, stopChild } from '../../demo/child-process.js';
import { projectRoot } from '../../demo/tools.js';
import { identifyProcess } from '../../src/supervisor/process-identity.js';
import { readRuntime } from '../../src/supervisor/runtime-file.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';

const bin = join(projectRoot, 'bin', 'ferry');

describe('however ferry up ends, Temporal does not stay', () => {
  let stage: FerryStage;
  let dataDir: string;
  const started: ChildProcess[] = [];

  beforeEach(() => {
    stage = makeFerryStage({ configuration: {}, environment: { MY_REGISTRY: 'http://127.0.0.1:1' } });
    dataDir = stage.environment['FERRY_DATA_DIR'] ?? '';
  });
  afterEach(async () => {
    for (const child of started.splice(0)) await stopChild(child);
    await stage.clear();
  });

  test('ferry up stops at once when it is asked to during its start', async () => {
    const { child, errors } = start('up');
    const temporal = await temporalPid(child);

    child.kill('SIGTERM');
    const status = await statusOf(child);

    expect(status).toBe(0);
    expect(await errors).not.toContain('Running');
    expect(identifyProcess(temporal)).toBeUndefined();
    expect(existsSync(join(dataDir, 'runtime.json'))).toBe(false);
  });

  test('an interrupted ferry up --until-idle exits with 1 and says that the next start continues the work in progress', async () => {
    const { child, errors } = start('up', '--until-idle');
    await temporalPid(child);

    child.kill('SIGINT');
    const status = await statusOf(child);

    expect(status).toBe(1);
    expect(await errors).toContain(
      'interrupted; the next start continues the work in progress: "ferry status" shows its state',
    );
  });

  test('ferry up reports a TEMPORAL_ADDRESS that does not answer, without the advice to set TEMPORAL_ADDRESS', async () => {
    stage.environment['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
    const { child, errors } = start('up');

    const status = await statusOf(child);

    expect(status).toBe(1);
    expect(await errors).toContain(
      'Temporal does not answer at 127.0.0.1:1: TEMPORAL_ADDRESS sets this address: start that server or correct the address. To let "ferry up" run Temporal here, unset TEMPORAL_ADDRESS',
    );
    expect(await errors).not.toContain('or set TEMPORAL_ADDRESS');
  });

  test('a second Ctrl-C ends ferry up and its processes at once', async () => {
    const { child } = start('up');
    const temporal = await temporalPid(child);

    child.kill('SIGINT');
    child.kill('SIGINT');
    const status = await statusOf(child);

    // If the operating system merged the second Ctrl-C with the first, it stops in the orderly way.
    expect([0, 130]).toContain(status);
    await expect.poll(() => identifyProcess(temporal)).toBeUndefined();
  });

  test('ferry up exits with the status of SIGPIPE when the reader of its output closes the pipe', async () => {
    const { child } = start('up', '--until-idle');
    const temporal = await temporalPid(child);

    child.stderr?.destroy();
    child.stdout?.destroy();
    const status = await statusOf(child);

    expect(status).toBe(141);
    await expect.poll(() => identifyProcess(temporal)).toBeUndefined();
  });

  test('a Temporal server that a killed ferry up left behind is ended by the next one, also without a runtime file', async () => {
    const { child } = start('up');
    const temporal = await temporalPid(child);
    child.kill('SIGKILL');
    await statusOf(child);
    writeFileSync(join(dataDir, 'runtime.json'), '');

    const next = await stage.ferry('up', '--until-idle');

    expect(next.errors).toContain(`ending orphaned process ${temporal} of an earlier "ferry up"`);
    expect(next.status).toBe(0);
    expect(identifyProcess(temporal)).toBeUndefined();
  });

  test('ferry up reports damaged data of Temporal at once with what to do, and leaves nothing running', async () => {
    writeFileSync(join(dataDir, 'temporal.db'), 'x'.repeat(20_000));

    const { status, errors } = await stage.ferry('up');

    expect(status).toBe(2);
    expect(errors).toContain(`move ${join(dataDir, 'temporal.db')}, `);
    expect(readRuntime(dataDir)).toBeUndefined();
  });

  test('ferry up exits with 2 before starting anything when the database refuses the connection', async () => {
    writeFileSync(join(dataDir, 'ferry.db'), 'x'.repeat(20_000));

    const { status, errors } = await stage.ferry('up');

    expect(status).toBe(2);
    expect(errors).toContain('it is not a SQLite database');
  });

  function start(...args: string[]): { readonly child: ChildProcess; readonly errors: Promise<string> } {
    const child = startChild(process.execPath, [bin, ...args], {
      env: stage.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    if (child.stderr === null) throw new Error('no standard error');
    return { child, errors: text(child.stderr).catch(() => '') };
  }

  /** Sent right after the start, long before it answers. */
  async function temporalPid(child: ChildProcess): Promise<number> {
    for (;;) {
      const process = readRuntime(dataDir)?.temporal?.process;
      if (process !== undefined) return process.pid;
      if (child.exitCode !== null) throw new Error(`ferry up ended: ${readFileSync(join(dataDir, 'logs')).toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function statusOf(child: ChildProcess): Promise<number | null> {
    if (child.exitCode !== null) return child.exitCode;
    const [status] = (await once(child, 'exit')) as [number | null];
    return status;
  }
});
