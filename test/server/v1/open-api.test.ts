import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { builtInUpstreams } from '../../../src/domain/built-in-upstreams.js';
import { imageRequest, notPushed, pushed, syncImage, target } from '../../database/store-fixture.js';
import { emptyConsole } from '../../support/empty-console.js';
import { answerFaults, routesOf } from '../../support/open-api-document.js';
import type { OpenApiDocument } from '../../support/open-api-document.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const nginx = 'docker.io/library/nginx:1.27';
const progress = {
  phase: 'copying',
  at: 1,
  queued: 0,
  inFlight: 1,
  images: 1,
  pushed: 0,
  waiting: 0,
  retrying: 0,
  blocked: 0,
  working: ['docker.io/library/nginx:1.27'],
  transfers: [],
} as const;
const { explicitNames: _names, ...configured } = target('aliyun');
const view = {
  ...configured,
  referrers: false,
  engine: 'registry' as const,
  names: [],
  examples: [],
  copies: {},
  missing: 0,
  repositories: 0,
  namespaces: 0,
};
let stage: ConsoleStage;
let document: OpenApiDocument;

beforeAll(async () => {
  stage = await startConsoleStage({
    console: {
      upstreams: builtInUpstreams,
      schedules: [{ id: 'sync-all', does: { kind: 'sync' }, timing: { everyMs: 3_600_000 } }],
      names: { of: async () => [{ target: 'aliyun', reference: 'aliyun.example.com/mirror/nginx:1.27' }] },
      targets: {
        names: ['aliyun'],
        list: async () => [view],
        check: async () => ({ ok: true, isWarning: false, message: 'it accepts uploads', checkedAt: 1 }),
      },
      notifications: {
        channels: async () => [
          {
            name: 'ops',
            kind: 'dingtalk',
            host: 'oapi.dingtalk.com',
            language: 'zh-CN',
            kinds: ['target'],
            pending: 1,
            failed: 0,
          },
        ],
        test: async () => ({ id: 1, outcome: 'sent', answer: 'HTTP 200: {"errcode":0}' }),
        redeliver: async () => true,
      },
      pasted: {
        parse: async () => ({ lines: [{ line: 1, text: 'nginx', images: [] }], images: 0, refused: 0 }),
        add: async () => ({ delivery: 'console-1', images: [], syncRequested: true, repeated: false }),
      },
      work: {
        ...emptyConsole.work,
        progress: async () => progress,
        requestSync: async () => undefined,
        schedules: async (ids) =>
          ids.map((id) => ({ id, exists: true, paused: false, next: [1], timesRun: 1, timesSkipped: 0 })),
        changeSchedule: async () => true,
        requestCheck: async () => undefined,
      },
    },
  });
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: ['schedule'] });
  await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7')]);
  await syncImage(stores, nginx, {
    targets: [pushed('aliyun', 'nginx:1.27'), notPushed('private', 'blocked', 'denied')],
  });
  await stores.states.save('dify', { release: '1.9.0', fingerprint: 'f' });
  await stores.notifications.add([
    { messageId: 'msg_1', channel: 'ops', kind: 'digest', title: 't', facts: { about: 'digest', titles: [] } },
  ]);
  await stores.requests.record([
    {
      at: 1,
      kind: 'webhook',
      method: 'POST',
      route: '/webhooks/github',
      status: 202,
      outcome: 'accepted',
      delivery: 'd',
    },
  ]);
  document = (await (await stage.call('/api/openapi.json')).json()) as OpenApiDocument;
});
afterAll(async () => await stage.clear());

/** A call of each route; those that redirect or stream have tests of their own. */
const calls: Readonly<Record<string, { readonly path?: string; readonly json?: unknown; readonly method?: string }>> = {
  'get /api/v1/session': {},
  'get /api/v1/overview': {},
  'get /api/v1/images': {},
  'get /api/v1/images/count': {},
  'get /api/v1/image': { path: '/api/v1/image?reference=nginx:1.27' },
  'post /api/v1/images/actions': { json: { action: 'retry', images: ['nginx:1.27', 'unknown:1'] } },
  'post /api/v1/images/preview': { json: { action: 'force', filter: {} } },
  'post /api/v1/images/rollback': { json: { image: 'nginx:1.27', target: 'aliyun' } },
  'post /api/v1/images/release': { json: { image: 'nginx:1.27' } },
  'get /api/v1/audits': {},
  'post /api/v1/audits': { json: { targets: ['aliyun'], deep: true } },
  'post /api/v1/add/parse': { json: { text: 'nginx' } },
  'post /api/v1/add': { json: { images: ['nginx'] } },
  'get /api/v1/runs': {},
  'get /api/v1/runs/current': {},
  'get /api/v1/runs/{id}': { path: '/api/v1/runs/run-1' },
  'post /api/v1/runs': { json: {} },
  'delete /api/v1/runs/current': { method: 'DELETE' },
  'get /api/v1/upstreams': {},
  'post /api/v1/upstreams/{name}/check': { path: '/api/v1/upstreams/dify/check', json: { scope: 'release' } },
  'get /api/v1/schedules': {},
  'post /api/v1/schedules/{id}/{action}': { path: '/api/v1/schedules/sync-all/pause', json: { note: 'a holiday' } },
  'get /api/v1/requests': {},
  'get /api/v1/requests/{id}': { path: '/api/v1/requests/1' },
  'get /api/v1/notifications': {},
  'get /api/v1/notifications/{id}': { path: '/api/v1/notifications/1' },
  'post /api/v1/notifications/{id}/redeliver': { path: '/api/v1/notifications/1/redeliver', method: 'POST' },
  'get /api/v1/notification-channels': {},
  'post /api/v1/notification-channels/{name}/test': {
    path: '/api/v1/notification-channels/ops/test',
    method: 'POST',
  },
  'get /api/v1/targets': {},
  'post /api/v1/targets/{name}/check': { path: '/api/v1/targets/aliyun/check', method: 'POST' },
  'get /api/v1/configuration': {},
};
const apart = [
  'post /api/v1/session',
  'delete /api/v1/session',
  'get /api/v1/session/link',
  'get /api/v1/session/oidc',
  'get /api/v1/session/oidc/callback',
  'get /api/v1/images/export',
  'get /api/v1/upstreams/{name}/releases/{version}/compose',
  'get /api/v1/events',
];

test('the OpenAPI document with the routes of the console is valid, and these tests know every route', async () => {
  const { valid, errors } = await new Validator().validate(
    structuredClone(document) as unknown as Record<string, unknown>,
  );
  const routes = routesOf(document).filter((route) => route.includes(' /api/v1/'));

  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(routes.toSorted()).toEqual([...Object.keys(calls), ...apart].toSorted());
});

test.each(Object.entries(calls))('%s answers in the shape that the document says', async (route, call) => {
  const { path = route.split(' ')[1] ?? '', ...init } = call;
  const response = await stage.call(path, init);
  const body = (await response.json()) as unknown;

  expect(answerFaults(document, route, { status: response.status, body })).toBeUndefined();
  // A token is no session.
  expect([response.ok, response.status === 401 && route === 'get /api/v1/session'], JSON.stringify(body)).toContain(
    true,
  );
});
