import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Validator } from '@seriousme/openapi-schema-validator';
import { hc } from 'hono/client';
import type { ClientResponse } from 'hono/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createRequestActivities } from '../../src/activities/request-activities.js';
import { lazyClient } from '../../src/client/connect.js';
import type { TemporalClient } from '../../src/client/connect.js';
import { requestSync } from '../../src/client/sync-requests.js';
import { queuesFor } from '../../src/client/worker-availability.js';
import { StatusDatabase } from '../../src/composition/status-database.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { wellKnownRegistries } from '../../src/domain/source-allow-list.js';
import { createSourceGate } from '../../src/domain/source-gate.js';
import type { ServerRoutes } from '../../src/server/http-server.js';
import { temporalWork } from '../../src/server/temporal-work.js';
import { notPushed, pushed, syncImage, imageRequest } from '../database/store-fixture.js';
import { signatureOf } from '../support/http-client.js';
import { apiToken, startHttpServer, webhookSecret } from '../support/http-server.js';
import type { TestHttpServer } from '../support/http-server.js';
import { answerFaults, routesOf } from '../support/open-api-document.js';
import type { OpenApiDocument } from '../support/open-api-document.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import type { WorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-typed-client-'));
const path = join(folder, 'ferry.db');
const nginx = 'docker.io/library/nginx:1.27';
const redis = 'docker.io/library/redis:7';
let database: FerryDatabase;
let readOnly: StatusDatabase;
let worker: WorkflowWorker;
let temporal: TemporalClient;
let httpServer: TestHttpServer;
let document: OpenApiDocument;
let called: Set<string>;

beforeAll(async () => {
  database = await openDatabase({ kind: 'sqlite', path });
  await migrate(database);
  const stores = createStores(database);
  await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7'), imageRequest('alpine:3')]);
  await stores.runs.begin({ id: 'run-1', reasons: ['schedule'] });
  await syncImage(stores, nginx, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'nginx:1.27')] });
  await syncImage(stores, redis, {
    targets: [pushed('aliyun', 'redis:7'), notPushed('private', 'blocked', 'denied')],
  });
  await stores.runs.finish({ id: 'run-1', summary: { images: 2 } });
  await stores.runs.begin({ id: 'run-2', reasons: ['ferry sync'] });
  const activities = createRequestActivities({
    ...stores,
    sources: createSourceGate({ allowed: wellKnownRegistries, trusted: [], targets: [] }, async () => []),
    requester: {
      requestSync: async (request) => void (await requestSync(temporal, request)),
      requestSyncAt: async () => undefined,
    },
    platforms: ['linux/amd64'],
  });
  worker = await startWorkflowWorker({ ...new ScriptedWorld().activities(), ...activities });
  temporal = lazyClient({ address: inject('temporalAddress'), namespace: worker.namespace });
  readOnly = new StatusDatabase({ kind: 'sqlite', path });
  httpServer = await startHttpServer({
    work: temporalWork(temporal, queuesFor([])),
    readDatabase: async (query) => await readOnly.read(query),
  });
  called = new Set();
});
afterAll(async () => {
  await httpServer.stop();
  await readOnly.close();
  await worker.stop();
  await temporal.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

test('the OpenAPI document is valid by the official schema of OpenAPI 3.1', async () => {
  const response = await fetch(`${httpServer.url}/api/openapi.json`);
  const text = await response.text();

  const { valid, errors } = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);

  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(JSON.parse(text)).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } });
});

test('the typed client calls every route of the document, and each answer has the shape that the document says', async () => {
  document = (await (await fetch(`${httpServer.url}/api/openapi.json`)).json()) as OpenApiDocument;
  const client = hc<ServerRoutes>(httpServer.url);
  const withToken = { headers: { authorization: `Bearer ${apiToken}` } };
  const push = { ref: 'refs/heads/main', repository: { full_name: 'team/images' } };
  const header = {
    'x-github-event': 'push',
    'x-github-delivery': 'delivery-1',
    'x-hub-signature-256': signatureOf(webhookSecret, JSON.stringify(push)),
  };
  const param = { owner: 'team', repo: 'images' };
  const sync = { param, json: { event_type: 'sync-images' } };
  const workflow = { param: { ...param, id: 'sync-images.yml' }, json: { ref: 'main' } };

  await answer('get /healthz', client.healthz.$get());
  await answer('get /readyz', client.readyz.$get());
  await answer('get /api/openapi.json', client.api['openapi.json'].$get());
  const delivered = await answer('post /webhooks/github', client.webhooks.github.$post({ header, json: push }));
  const added = await answer(
    'post /api/images',
    client.api.images.$post({ header: { 'idempotency-key': 'one' }, json: { images: ['nginx:1.28'] } }, withToken),
  );
  const status = await answer('get /api/status', client.api.status.$get({}, withToken));
  const page = await answer('get /api/images', client.api.images.$get({ query: { limit: '2' } }, withToken));
  const blocked = await client.api.images.$get({ query: { state: 'blocked' } }, withToken);
  const image = await answer('get /api/image', client.api.image.$get({ query: { reference: 'redis:7' } }, withToken));
  const runs = await answer('get /api/runs', client.api.runs.$get({ query: { limit: '1' } }, withToken));
  const { repos } = client;
  await answer('post /repos/{owner}/{repo}/dispatches', repos[':owner'][':repo'].dispatches.$post(sync, withToken));
  await answer(
    'post /repos/{owner}/{repo}/actions/workflows/{id}/dispatches',
    repos[':owner'][':repo'].actions.workflows[':id'].dispatches.$post(workflow, withToken),
  );
  const { repos: ofEnterprise } = client.api.v3;
  await answer(
    'post /api/v3/repos/{owner}/{repo}/dispatches',
    ofEnterprise[':owner'][':repo'].dispatches.$post(sync, withToken),
  );
  await answer(
    'post /api/v3/repos/{owner}/{repo}/actions/workflows/{id}/dispatches',
    ofEnterprise[':owner'][':repo'].actions.workflows[':id'].dispatches.$post(workflow, withToken),
  );

  expect(delivered).toEqual({ delivery: 'delivery-1', accepted: 'sync' });
  expect(added).toMatchObject({ delivery: 'api-one', images: [{ asked: 'nginx:1.28', outcome: 'added' }] });
  expect(status).toMatchObject({
    wanted: { pushed: 1, blocked: 1 },
    blockedBy: [{ code: 'denied', rows: 1 }],
    lastRun: { run: 'run-2' },
    allowances: [],
    fetches: [],
  });
  expect(page).toMatchObject({ items: [{ image: nginx }, { image: redis }], next: '2' });
  expect(blocked.status === 200 ? (await blocked.json()).items.map((row) => row.image) : []).toEqual([redis]);
  expect(image).toMatchObject({
    image: redis,
    copies: [{ state: 'pushed' }, { state: 'blocked', reason: 'denied' }],
    events: [
      { kind: 'added', to: 'pending', who: 'cli' },
      { kind: 'outcome', to: 'blocked', code: 'denied' },
      { target: 'aliyun', to: 'pushed', run: 'run-1' },
      { target: 'private', to: 'blocked', run: 'run-1' },
    ],
  });
  expect(runs).toMatchObject({ items: [{ run: 'run-2' }] });
  // Those of the console have tests of their own.
  const routes = routesOf(document).filter((route) => !route.includes(' /api/v1/'));
  expect([...called].sort()).toEqual(routes.toSorted());
});

/** Notes the call, and checks status and body against the document; the body. */
async function answer(route: string, asked: Promise<ClientResponse<unknown>>): Promise<unknown> {
  called.add(route);
  const response = await asked;
  const text = await response.text();
  expect(response.ok, `${route}: ${text}`).toBe(true);
  const body = text === '' ? undefined : (JSON.parse(text) as unknown);
  // The document's own answer is described by the test of the official schema.
  const checked = route === 'get /api/openapi.json' ? undefined : body;
  expect(answerFaults(document, route, { status: response.status, body: checked })).toBeUndefined();
  return body;
}
