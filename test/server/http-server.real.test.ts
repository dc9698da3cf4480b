import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hostAddresses } from '@image-ferry/registry';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';

import { createRequestActivities } from '../../src/activities/request-activities.js';
import { lazyClient } from '../../src/client/connect.js';
import type { TemporalClient } from '../../src/client/connect.js';
import { requestSync } from '../../src/client/sync-requests.js';
import { queuesFor } from '../../src/client/worker-availability.js';
import { WorkflowName } from '../../src/contract/workflow-names.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { wellKnownRegistries } from '../../src/domain/source-allow-list.js';
import { createSourceGate } from '../../src/domain/source-gate.js';
import { temporalWork } from '../../src/server/temporal-work.js';
import { freePort } from '../support/free-port.js';
import { deliver } from '../support/http-client.js';
import { apiToken, startHttpServer, webhookSecret as secret } from '../support/http-server.js';
import type { TestHttpServer } from '../support/http-server.js';
import { startTemporal } from '../support/temporal-server.js';
import type { TemporalServer } from '../support/temporal-server.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const repository = { full_name: 'team/images' };

describe('the bridge with Temporal, a worker and a database', () => {
  let folder: string;
  let database: FerryDatabase;
  let activities: ReturnType<typeof createRequestActivities>;
  let worker: WorkflowWorker;
  let temporal: TemporalClient;
  let httpServer: TestHttpServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-bridge-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    activities = createRequestActivities({
      ...createStores(database),
      sources: createSourceGate({ allowed: wellKnownRegistries, trusted: [], targets: [] }, async (host) =>
        // Names are not resolved by DNS; addresses are checked by the real code.
        /^[[\d]/.test(host) ? await hostAddresses(host) : [],
      ),
      requester: {
        requestSync: async (request) => void (await requestSync(temporal, request)),
        requestSyncAt: async () => undefined,
      },
      platforms: ['linux/amd64'],
    });
    worker = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...activities });
    temporal = lazyClient({ address: inject('temporalAddress'), namespace: worker.namespace });
    httpServer = await startHttpServer({ work: temporalWork(temporal, queuesFor([])) });
  });
  afterEach(async () => {
    await httpServer.stop();
    await worker.stop();
    await temporal.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const addImage = async (id: string, url = httpServer.url) =>
    await deliver(url, {
      event: 'repository_dispatch',
      payload: { action: 'add-image', client_payload: { image: 'nginx:1.27' }, repository },
      secret,
      id,
    });
  const rows = async () => await database.queries.selectFrom('images_for_push').select('image').execute();
  const post = async (body: unknown, headers: Record<string, string> = {}) =>
    await fetch(`${httpServer.url}/api/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  async function runsOf(workflowId: string): Promise<number> {
    let count = 0;
    for await (const run of worker.client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
      count += run.workflowId === workflowId ? 1 : 0;
    }
    return count;
  }

  test('a delivery that is sent five times at once starts one workflow and adds one row', async () => {
    const handle = worker.client.workflow.getHandle('add-image/five-times');

    const answers = await Promise.all(Array.from({ length: 5 }, async () => await addImage('five-times')));
    const result = await handle.result();
    const { runId } = await handle.describe();

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(result).toMatchObject({ repeated: false, syncRequested: true, images: [{ outcome: 'added' }] });
    // The latest workflow run is the one of the delivery: there was no other.
    expect(await database.queries.selectFrom('deliveries').select(['id', 'owner']).execute()).toEqual([
      { id: 'five-times', owner: runId },
    ]);
    expect(await rows()).toEqual([{ image: 'docker.io/library/nginx:1.27' }]);
  });

  test('a delivery that is repeated after Temporal has deleted its workflow adds nothing', async () => {
    await addImage('forgotten');
    await worker.client.workflow.getHandle('add-image/forgotten').result();
    await database.queries.updateTable('images_for_push').set({ push_status: 1 }).execute();
    // Another namespace knows as little of the delivery as one after its retention; the database is the same.
    const without = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...activities });
    const other = lazyClient({ address: inject('temporalAddress'), namespace: without.namespace });
    const second = await startHttpServer({ work: temporalWork(other, queuesFor([])) });
    try {
      const { status } = await addImage('forgotten', second.url);
      const result = await without.client.workflow.getHandle('add-image/forgotten').result();

      expect([status, result]).toEqual([202, { repeated: true, syncRequested: true, images: [] }]);
      expect(await database.queries.selectFrom('images_for_push').select('push_status').execute()).toEqual([
        { push_status: 1 },
      ]);
      expect(await database.queries.selectFrom('deliveries').select('id').execute()).toEqual([{ id: 'forgotten' }]);
    } finally {
      await second.stop();
      await without.stop();
      await other.close();
    }
  });

  test('a delivery whose first workflow failed in the database is handled when it is sent again', async () => {
    await sql`create trigger full before insert on images_for_push begin select raise(abort, 'no room'); end`.execute(
      database.queries,
    );
    await addImage('failed');
    const failed = worker.client.workflow.getHandle('add-image/failed').result();
    await expect(failed).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('no room') as string } },
    });
    await sql`drop trigger full`.execute(database.queries);

    await addImage('failed');
    const result = await worker.client.workflow.getHandle('add-image/failed').result();

    expect(result).toMatchObject({ repeated: false, syncRequested: true, images: [{ outcome: 'added' }] });
    expect(await rows()).toHaveLength(1);
  });

  test('an AddImage workflow that is reset requests the sync of its images again', async () => {
    const handle = worker.client.workflow.getHandle('add-image/reset');
    await addImage('reset');
    await handle.result();
    const { events } = await handle.fetchHistory();
    const firstTask = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => Boolean(completed));

    const { client, namespace } = worker;
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: 'add-image/reset', runId: (await handle.describe()).runId },
      workflowTaskFinishEventId: firstTask?.eventId ?? null,
      requestId: 'reset-1',
      reason: 'a person looks again',
    });
    const result = await worker.client.workflow.getHandle('add-image/reset').result();

    expect(result).toMatchObject({ repeated: false, syncRequested: true, images: [{ outcome: 'already-pending' }] });
  });

  test('a redelivery that Temporal remembers starts no second workflow', async () => {
    await addImage('twice');
    await worker.client.workflow.getHandle('add-image/twice').result();
    const before = await worker.client.workflow.getHandle('add-image/twice').describe();

    const again = await addImage('twice');
    const after = await worker.client.workflow.getHandle('add-image/twice').describe();

    expect(again.status).toBe(202);
    expect(after.runId).toBe(before.runId);
  });

  test('the images API responds with the outcome of each reference, and with the same one for the same key', async () => {
    const body = {
      images: ['nginx:1.27', '2130706433:80/app:1', { image: 'ghcr.io/org/app:1', platform: 'linux/arm64' }],
    };

    const first = await post(body, { 'idempotency-key': 'order-1' });
    const second = await post(body, { 'idempotency-key': 'order-1' });

    const answer = (await first.json()) as { images: { asked: string; outcome: string }[] };
    expect(answer.images.map(({ asked, outcome }) => [asked, outcome])).toEqual([
      ['nginx:1.27', 'added'],
      ['2130706433:80/app:1', 'refused'],
      ['ghcr.io/org/app:1', 'added'],
    ]);
    expect(await second.json()).toEqual(answer);
  });

  test.each([
    [
      { images: Array.from({ length: 501 }, (_, n) => `app:${n}`) },
      'the request contains 501 images, the limit is 500',
    ],
    [
      { images: ['app:1'], platforms: Array.from({ length: 17 }, (_, n) => `linux/arm/v${n}`) },
      '17 platforms are requested for',
    ],
    [
      { images: ['robot:hunter2@ghcr.io/org/app:1'] },
      '"robot:***@ghcr.io/org/app:1" contains a user name or a password',
    ],
  ])('the workflow also refuses invalid requests: %#', async (input, reason) => {
    const run = worker.client.workflow.execute(WorkflowName.addImage, {
      workflowId: 'add-image/too-much',
      taskQueue: 'ferry',
      args: [input],
    });

    await expect(run).rejects.toMatchObject({ cause: { message: expect.stringContaining(reason) as string } });
  });

  test('a push and a dispatch start the workflows that they name', async () => {
    const push = await deliver(httpServer.url, {
      event: 'push',
      payload: { ref: 'refs/heads/main', repository },
      secret,
      id: 'push-1',
    });
    const fetchDify = await deliver(httpServer.url, {
      event: 'repository_dispatch',
      payload: { action: 'fetch-dify', client_payload: { scope: 'release' }, repository },
      secret,
      id: 'fetch-1',
    });

    const sync = await worker.client.workflow.getHandle('sync-all').describe();
    const look = await worker.client.workflow.getHandle('fetch-dify/release').describe();
    expect([push.status, fetchDify.status]).toEqual([202, 202]);
    expect([sync.type, look.type]).toEqual(['SyncAll', 'FetchDify']);
    await worker.client.workflow.getHandle('fetch-dify/release').terminate('the test is over');
  });

  test('an HTTP request that is refused starts nothing in Temporal', async () => {
    const forged = await deliver(httpServer.url, { event: 'push', payload: {}, secret: 'guess', id: 'forged' });
    const unknown = await post(['nginx:1.27'], { authorization: 'Bearer guess', 'idempotency-key': 'unknown' });

    expect([forged.status, unknown.status]).toEqual([401, 401]);
    for (const id of ['sync-all', 'add-image/forged', 'add-image/api-unknown']) expect(await runsOf(id)).toBe(0);
  });
});

describe('the bridge while Temporal is away', () => {
  let folder: string;
  let port: number;
  let server: TemporalServer | undefined;
  let temporal: TemporalClient;
  let httpServer: TestHttpServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-bridge-away-'));
    port = await freePort();
    temporal = lazyClient({ address: `127.0.0.1:${port}`, namespace: 'default' });
    httpServer = await startHttpServer({ work: temporalWork(temporal, queuesFor([])) });
  });
  afterEach(async () => {
    await httpServer.stop();
    await temporal.close();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  const start = async () => await startTemporal({ port, databaseFile: join(folder, 'temporal.db') });
  const addImage = async (id: string) =>
    await deliver(httpServer.url, {
      event: 'repository_dispatch',
      payload: { action: 'add-image', client_payload: { image: 'nginx:1.27' }, repository },
      secret,
      id,
    });

  test('while Temporal is away the server answers 503 with Retry-After, and afterwards accepts the redelivery once', async () => {
    server = await start();
    const before = await addImage('before');
    await server.stop();
    const away = await addImage('during');
    const ready = await fetch(`${httpServer.url}/readyz`);
    server = await start();
    const redelivered = await addImage('during');
    const again = await addImage('during');

    expect([before, away, ready, redelivered, again].map(({ status }) => status)).toEqual([202, 503, 503, 202, 202]);
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    const { client } = temporal;
    const handle = client.workflow.getHandle('add-image/during');
    const { raw } = await handle.describe();
    const { events } = await handle.fetchHistory();
    expect(raw.workflowExecutionInfo?.status).toBe(1);
    // Started once and waiting for a worker: no other run was started and ended.
    expect(events?.length).toBe(2);
    expect((await client.workflow.getHandle('add-image/before').describe()).status.name).toBe('RUNNING');
  });

  test('a server that starts before Temporal works as soon as Temporal is available', async () => {
    const early = await addImage('early');
    server = await start();
    const late = await addImage('early');

    expect([early.status, late.status]).toEqual([503, 202]);
  });
});
