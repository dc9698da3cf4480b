import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { superviseNode } from '../../src/supervisor/node-process.js';
import type { ProcessIdentity } from '../../src/supervisor/process-identity.js';
import type { SupervisedProcess } from '../../src/supervisor/supervised-process.js';

describe('a part of the ferry in a process of its own', () => {
  let folder: string;
  let supervised: SupervisedProcess | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-part-'));
  });
  afterEach(async () => {
    await supervised?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function supervise(script: string, startWithinMs = 20_000) {
    const path = join(folder, 'part.mjs');
    writeFileSync(path, script);
    const seen = { started: [] as ProcessIdentity[], addresses: [] as (string | undefined)[] };
    let restarted: () => void = () => undefined;
    const readyAgain = new Promise<void>((resolve) => (restarted = resolve));
    const part = superviseNode(
      { name: 'the part', script: path, env: process.env, logPath: join(folder, 'part.log'), startWithinMs },
      {
        onStarted: (identity) => seen.started.push(identity),
        onReady: (address) => {
          seen.addresses.push(address);
          if (seen.addresses.length === 2) restarted();
        },
        onDied: () => undefined,
      },
    );
    supervised = part.process;
    return { ...part, seen, readyAgain };
  }

  test('a supervised Node process is ready when it sends its address', async () => {
    const { ready, seen } = supervise(`process.send({ ready: '127.0.0.1:8080' }); setInterval(() => {}, 1000);`);

    await ready;

    expect(seen.addresses).toEqual(['127.0.0.1:8080']);
  });

  test('a supervised Node process shares two heaps between its threads unless the environment says otherwise', async () => {
    const script = `process.send({ ready: String(process.env.MALLOC_ARENA_MAX) }); setInterval(() => {}, 1000);`;
    const own = process.env['MALLOC_ARENA_MAX'];

    const { seen, ready } = supervise(script);
    await ready;

    expect(seen.addresses).toEqual([own ?? '2']);
  });

  test('a supervised Node process that exits is restarted and sends its address again', async () => {
    const { ready, readyAgain, seen } = supervise(
      `process.send({ ready: '127.0.0.1:' + process.pid }); setInterval(() => {}, 1000);`,
    );
    await ready;

    process.kill(seen.started[0]?.pid ?? 0, 'SIGKILL');
    await readyAgain;

    expect(seen.addresses).toEqual(seen.started.map(({ pid }) => `127.0.0.1:${pid}`));
  });

  test('a supervised Node process with an invalid configuration fails at once with its last message', async () => {
    const { ready } = supervise(
      `process.stderr.write('ferry: FERRY_LISTEN is "nowhere"\\n'); process.exitCode = 2; process.disconnect();`,
    );

    await expect(ready).rejects.toThrow('the part could not start: FERRY_LISTEN is "nowhere"');
  });

  test('a supervised Node process that never becomes ready times out with the path of its log', async () => {
    const { ready } = supervise('setInterval(() => {}, 1000);', 200);

    await expect(ready).rejects.toThrow(`the part did not start within 0.2 s: see ${join(folder, 'part.log')}`);
  });
});
