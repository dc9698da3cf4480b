import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';

interface Runtime {
  readonly server?: { readonly address?: string; readonly process: { readonly pid: number } };
}

const token = 'token-of-ferry-up';
let stage: FerryStage;

beforeEach(() => {
  stage = makeFerryStage({
    configuration: {},
    environment: { MY_REGISTRY: 'http://127.0.0.1:1', FERRY_API_TOKEN: token, FERRY_SCHEDULES: 'on' },
  });
});
afterEach(async () => {
  await stage.clear();
});

const runtime = (): Runtime =>
  JSON.parse(readFileSync(join(stage.environment['FERRY_DATA_DIR'] ?? '', 'runtime.json'), 'utf8')) as Runtime;
const addImage = async () =>
  await fetch(`http://${runtime().server?.address ?? ''}/api/images`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '["ghcr.io/org/app:1"]',
  });

test(
  'ferry up runs the HTTP server, manages the schedules and restarts a server that exits',
  { timeout: 120_000 },
  async () => {
    await stage.up();
    const { schedules } = await stage.ask<{ schedules: { id: string; next: string[] }[] }>('schedules', 'show');
    const first = await addImage();
    const { server } = runtime();
    process.kill(server?.process.pid ?? 0, 'SIGKILL');
    const second = await untilServed(server?.process.pid);

    expect(schedules.map(({ id, next }) => [id, next.length > 0])).toEqual([
      ['sync-all', true],
      ['audit', true],
      ['fetch-dify', true],
      ['fetch-xinference', true],
    ]);
    expect(await first.json()).toMatchObject({ images: [{ outcome: 'added' }] });
    expect(await second.json()).toMatchObject({ images: [{ outcome: 'already-pending' }] });
  },
);

test('ferry schedules acts on the named schedules and reports unknown names', { timeout: 120_000 }, async () => {
  await stage.up();

  const unnamed = await stage.ferry('schedules', 'pause');
  const unknown = await stage.ferry('schedules', 'pause', 'fetch-nothing');
  const paused = await stage.ferry('schedules', 'pause', 'sync-all', '--note', 'for the test');
  const shown = await stage.ferry('schedules', 'show');
  const deleted = await stage.ferry('schedules', 'delete', '--all');
  const missing = await stage.ferry('schedules', 'trigger', 'sync-all');
  const ensured = await stage.ask('schedules', 'ensure');
  writeFileSync(stage.environment['FERRY_CONFIG'] ?? '', '{"schedules":{"fetch-dify":"off"}}');
  await stage.ferry('schedules', 'ensure');
  const off = await stage.ferry('schedules', 'show');

  expect([unnamed, unknown, paused, deleted, missing].map(({ status }) => status)).toEqual([2, 2, 0, 0, 1]);
  expect(unknown.errors).toContain(
    'unknown schedule fetch-nothing; known: sync-all, audit, fetch-dify, fetch-xinference',
  );
  expect(shown.output).toMatch(/sync-all +every 3h.* +paused: for the test +never/);
  expect(shown.output).toMatch(/fetch-dify .* active .* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
  expect(off.output).toMatch(/fetch-dify +off +off +never/);
  expect(ensured).toMatchObject({
    schedules: ['sync-all', 'audit', 'fetch-dify', 'fetch-xinference'].map(() => ({ outcome: 'created' })),
  });
});

test('ferry up stops with the reason when the configured listen address is in use', { timeout: 120_000 }, async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  stage.environment['FERRY_LISTEN'] = address;

  const { status, errors } = await stage.ferry('up');
  taken.close();

  expect(status).toBe(2);
  expect(errors).toContain(`the server cannot listen on ${address}`);
});

test('ferry up refuses a server that other machines could reach without a secret before anything starts', async () => {
  stage.environment['FERRY_LISTEN'] = '0.0.0.0:0';
  delete stage.environment['FERRY_API_TOKEN'];

  const outcomes = await Promise.all([stage.ferry('up'), stage.ferry('server')]);

  expect(outcomes.map(({ status }) => status)).toEqual([2, 2]);
  for (const { errors } of outcomes) expect(errors).toContain('no secret is set');
});

test('ferry up --until-idle runs no HTTP server and manages no schedules', { timeout: 120_000 }, async () => {
  const { status, errors } = await stage.ferry('up', '--until-idle');
  const log = readFileSync(join(stage.environment['FERRY_DATA_DIR'] ?? '', 'logs', 'worker.log'), 'utf8');

  expect(status).toBe(0);
  expect(errors).not.toContain('Webhooks and API');
  expect(log).toContain('worker started');
  expect(log).not.toContain('schedules are as configured');
});

/** Waits until the server that replaced the one with `pid` answers. */
async function untilServed(pid: number | undefined): Promise<Response> {
  for (;;) {
    const { server } = runtime();
    if (server?.address !== undefined && server.process.pid !== pid) {
      try {
        return await addImage();
      } catch {
        // It listens in a moment.
      }
    }
    await sleep(50);
  }
}
