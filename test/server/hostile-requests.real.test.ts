import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hostAddresses } from '@image-ferry/registry';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { stopChild } from '../../demo/child-process.js';
import { createRequestActivities } from '../../src/activities/request-activities.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { createSourceGate } from '../../src/domain/source-gate.js';
import { deliver, signatureOf } from '../support/http-client.js';
import { projectRoot } from '../support/tools.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const secret = "It's a Secret to Everybody";
const token = 'token-of-the-hostile-test';
const privateAddresses = [
  '127.0.0.1:6379',
  '127.1',
  // Without a port or a dot these would be namespaces of Docker Hub.
  '2130706433:80',
  '017700000001:80',
  '0177.0.0.1',
  '0x7f000001:80',
  '0x7f.0.0.1',
  '[::1]:5000',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::7f00:1]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[64:ff9b::a00:1]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1:5000',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0:5000',
  'localhost:5000',
  'registry.localhost',
  'rebinding.example',
  'private-name.example:5000',
];

/** `count` requests of each kind, all of which the server must reject. */
interface HostileKind {
  readonly name: string;
  readonly statuses: readonly number[];
  send(url: string, n: number): Promise<Response>;
}

const push = { ref: 'refs/heads/main', repository: { full_name: 'team/images' } };
const post = async (url: string, path: string, body: string, headers: Record<string, string> = {}) =>
  await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const known = { authorization: `Bearer ${token}` };

const kinds: readonly HostileKind[] = [
  {
    name: 'a forged signature',
    statuses: [401],
    send: async (url, n) =>
      await deliver(url, { event: 'push', payload: push, secret: `guess-${n}`, id: `forged-${n}` }),
  },
  {
    name: 'a good signature, replayed with a changed body',
    statuses: [401],
    send: async (url, n) =>
      await deliver(url, {
        event: 'push',
        payload: push,
        secret,
        id: `replayed-${n}`,
        body: JSON.stringify({ ...push, after: String(n) }),
      }),
  },
  {
    name: 'a signature of the wrong form',
    statuses: [401],
    send: async (url, n) =>
      await deliver(url, { event: 'push', payload: push, secret, signature: `sha256=${'0'.repeat(n % 90)}` }),
  },
  {
    name: 'an oversized body',
    statuses: [413],
    send: async (url, n) => await post(url, '/webhooks/github', `{"n":"${'x'.repeat(1_050_000 + n)}"}`),
  },
  {
    name: 'broken JSON, signed',
    statuses: [400],
    send: async (url, n) => {
      const body = `{"ref": "refs/heads/main", ${'['.repeat(n)}`;
      return await deliver(url, { event: 'push', payload: null, secret, body, signature: signatureOf(secret, body) });
    },
  },
  {
    name: 'a wrong token',
    statuses: [401],
    send: async (url, n) =>
      await post(url, '/repos/team/images/dispatches', '{"event_type":"sync-images"}', {
        authorization: `Bearer ${token.slice(0, n % token.length)}`,
      }),
  },
  {
    name: 'only fields that are not known, with odd names',
    statuses: [422],
    send: async (url, n) =>
      await post(url, '/api/images', `{"${['__proto__', 'constructor', 'x'][n % 3]}":{"images":["nginx"]}}`, known),
  },
  {
    name: 'another content type',
    statuses: [415],
    send: async (url) => await post(url, '/api/images', 'images=nginx', { ...known, 'content-type': 'text/plain' }),
  },
  {
    name: 'a path that leads elsewhere',
    statuses: [404, 422],
    send: async (url, n) =>
      await post(url, `/repos/..%2f..%2f${n}/x%00y/dispatches`, '{"event_type":"sync-images"}', known),
  },
];

describe('a thousand hostile requests', () => {
  let folder: string;
  let database: FerryDatabase;
  let worker: WorkflowWorker;
  let server: ChildProcess;
  let url: string;
  let output = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-hostile-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    // The allow list permits every host here, so only addresses decide. The names exist only in this test.
    const rules = { allowed: ['*'], trusted: [], targets: [] };
    const requests = createRequestActivities({
      ...createStores(database),
      sources: createSourceGate(rules, async (host) =>
        host.endsWith('.example') || host.includes('.example:')
          ? [{ address: '10.9.8.7', isPublic: false }]
          : await hostAddresses(host),
      ),
      requester: { requestSync: async () => undefined, requestSyncAt: async () => undefined },
      platforms: ['linux/amd64'],
    });
    worker = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...requests });
    server = fork(join(projectRoot, 'dist', 'src', 'server-main.js'), {
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TEMPORAL_NAMESPACE: worker.namespace,
        FERRY_LISTEN: '127.0.0.1:0',
        FERRY_WEBHOOK_SECRET: secret,
        FERRY_API_TOKEN: token,
        FERRY_REQUESTS_PER_MINUTE: '100000',
      },
      // Not the conditions of Vitest, under which the registry package is TypeScript that node cannot load.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    server.stdout?.on('data', (text: Buffer) => (output += text.toString()));
    server.stderr?.on('data', (text: Buffer) => (output += text.toString()));
    const ended = once(server, 'close').then(() => {
      throw new Error(`the server ended before it was ready: ${output}`);
    });
    const [{ ready }] = (await Promise.race([once(server, 'message'), ended])) as [{ readonly ready: string }];
    url = `http://${ready}`;
  });
  afterAll(async () => {
    await stopChild(server);
    await worker.stop();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  /** Resident memory of the server, in megabytes. */
  const memory = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(server.pid)}/status`, 'utf8'))?.[1]) / 1_000;

  async function wave(from: number, to: number): Promise<string[]> {
    const surprises: string[] = [];
    for (let n = from; n < to; n += 1) {
      for (const { name, statuses, send } of kinds) {
        const response = await send(url, n);
        await response.arrayBuffer();
        if (!statuses.includes(response.status)) surprises.push(`${name} ${n}: ${response.status}`);
      }
    }
    return surprises;
  }

  test('a thousand hostile requests are all rejected, start nothing and do not increase the memory of the server', async () => {
    const warm = await wave(0, 30);
    const before = memory();
    const surprises = await wave(30, 120);
    const after = memory();

    const started: string[] = [];
    for await (const { workflowId } of worker.client.workflow.list()) started.push(workflowId);
    expect([...warm, ...surprises]).toEqual([]);
    expect(started).toEqual([]);
    expect(after - before).toBeLessThan(40);
  });

  test('references to private addresses in every notation are refused', async () => {
    const images = Array.from({ length: 480 }, (_, n) => `${privateAddresses[n % privateAddresses.length]}/app:${n}`);

    const response = await post(url, '/api/images', JSON.stringify({ images }), known);
    const { images: answers } = (await response.json()) as { images: { outcome: string; reason?: string }[] };

    expect(answers.map(({ outcome }) => outcome)).toEqual(images.map(() => 'refused'));
    for (const { reason } of answers)
      expect(reason).toMatch(/private or loopback address|this machine|not an IPv6 address/);
    expect(await database.queries.selectFrom('images_for_push').select('id').execute()).toEqual([]);
  });

  test('the log of the server contains neither the secret nor the token', () => {
    expect(output).toContain('request refused');
    expect(output).not.toContain(secret);
    expect(output).not.toContain(token);
    expect(output).not.toContain('guess-');
  });
});
