import { afterAll, beforeAll, expect, test } from 'vitest';

import { imageRequest } from '../../database/store-fixture.js';
import { emptyConsole } from '../../support/empty-console.js';
import { apiToken, signIn, startConsoleStage, viewToken } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const html = '<img src=x onerror=alert(1)>';
const texts = [
  "'; drop table images_for_push; --",
  "' or '1'='1",
  '" or 1=1 --',
  '%',
  '_',
  '\\',
  '\u0000',
  html,
  '</script><script>alert(1)</script>',
  '${7*7}',
  '{{7*7}}',
  '../../etc/passwd',
  '\u202Egnp.exe',
  'x'.repeat(5_000),
];
const changes = [
  ['POST', '/images/actions', { action: 'remove', filter: {} }],
  ['POST', '/images/preview', { action: 'remove', filter: {} }],
  ['POST', '/add', { text: 'nginx' }],
  ['POST', '/audits', { deep: true }],
  ['POST', '/images/rollback', { image: 'nginx:1.27', target: 'aliyun' }],
  ['POST', '/images/release', { image: 'nginx:1.27' }],
  ['POST', '/runs', {}],
  ['DELETE', '/runs/current', undefined],
  ['POST', '/upstreams/dify/check', {}],
  ['POST', '/schedules/sync-all/trigger', {}],
  ['POST', '/targets/aliyun/check', undefined],
] as const;
const reads = ['/overview', '/images', '/images/count', '/images/export', '/image?reference=nginx', '/runs', '/runs/1'];
const filters = [
  'search',
  'state',
  'target',
  'host',
  'upstream',
  'code',
  'olderThan',
  'sort',
  'order',
  'limit',
  'cursor',
];

let stage: ConsoleStage;
let done: string[];

beforeAll(async () => {
  done = [];
  const noted = (what: string) => async () => {
    done.push(what);
    return true;
  };
  stage = await startConsoleStage({
    auditWork: {
      audit: async () => {
        done.push('audit');
        return { workflowId: 'audit', runId: '1' };
      },
      rollback: async () => void done.push('rollback'),
    },
    console: {
      work: {
        ...emptyConsole.work,
        requestSync: async () => void done.push('sync'),
        cancelSync: noted('cancel'),
        changeSchedule: noted('schedule'),
        requestCheck: async () => void done.push('check'),
      },
    },
  });
  await stage.stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7')]);
});
afterAll(async () => await stage.clear());

interface Attempt {
  readonly name: string;
  readonly statuses: readonly number[];
  send(): Promise<Response>;
}

/** A request with headers of its own, and no token. */
async function raw(path: string, method: string, headers: Record<string, string>, body?: string): Promise<Response> {
  return await fetch(`${stage.server.url}/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

const asJson = { 'content-type': 'application/json' };

function attempts(cookie: string): readonly Attempt[] {
  const own = stage.server.url;
  const found: Attempt[] = [];
  const add = (name: string, statuses: readonly number[], send: Attempt['send']): void =>
    void found.push({ name, statuses, send });
  const forged = [
    'ferry-session=eyJyb2xlIjoib3BlcmF0b3IifQ.AAAA',
    'ferry-session=',
    `ferry-session=${'A'.repeat(3_000)}`,
    `${cookie}x`,
    cookie.replace('=', '=e'),
    `ferry-session=${encodeURIComponent(html)}`,
  ];
  for (const [method, path, content] of changes) {
    const body = content === undefined ? undefined : JSON.stringify(content);
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', `Basic ${btoa('user:wrong')}`, `Token ${apiToken}x`]) {
      add(
        `${path} with ${authorization}`,
        [401],
        async () => await raw(path, method, { ...asJson, authorization, cookie: '' }, body),
      );
    }
    for (const wrong of forged) {
      add(
        `${path} with a forged cookie`,
        [401],
        async () => await raw(path, method, { ...asJson, cookie: wrong, origin: own }, body),
      );
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `${own}.evil.example`,
      own.replace('http:', 'ftp:'),
      `${own}0`,
      '',
    ]) {
      const headers = { ...asJson, cookie, ...(origin === '' ? {} : { origin }) };
      // A scheme alone may differ behind a proxy that ends TLS.
      if (origin.startsWith('ftp:')) continue;
      add(`${path} from ${origin}`, [403], async () => await raw(path, method, headers, body));
    }
    for (const site of ['cross-site', 'same-site', 'none', 'Same-Origin ']) {
      if (site.trim().toLowerCase() === 'same-origin') continue;
      add(
        `${path} from a ${site} page`,
        [403],
        async () => await raw(path, method, { ...asJson, cookie, 'sec-fetch-site': site }, body),
      );
    }
    add(
      `${path} by a reader`,
      [403],
      async () => await raw(path, method, { ...asJson, authorization: `Bearer ${viewToken}` }, body),
    );
  }
  for (const path of reads) {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, ...forged.map((wrong) => ({ cookie: wrong }))]) {
      add(`${path} unknown`, [401], async () => await raw(path, 'GET', headers));
    }
  }
  for (const field of filters) {
    for (const text of texts) {
      const query = new URLSearchParams({ [field]: text }).toString();
      for (const path of ['/images', '/images/count', '/images/export']) {
        add(`${path}?${field}`, [200, 422], async () => await stage.call(`/api/v1${path}?${query}`));
      }
      add(`/requests?${field}`, [200, 422], async () => await stage.call(`/api/v1/requests?${query}`));
    }
  }
  for (const text of texts) {
    const at = encodeURIComponent(text);
    add('/image', [200, 422], async () => await stage.call(`/api/v1/image?reference=${at}`));
    add('/runs/{id}', [404, 422], async () => await stage.call(`/api/v1/runs/${at}`));
    add('/requests/{id}', [404, 422], async () => await stage.call(`/api/v1/requests/${at}`));
    add('/targets/{name}', [404, 422], async () => await stage.call(`/api/v1/targets/${at}/check`, { method: 'POST' }));
    add('/upstreams/{name}', [404, 422], async () => await stage.call(`/api/v1/upstreams/${at}/check`, { json: {} }));
    add('/schedules/{id}', [404, 422], async () => await stage.call(`/api/v1/schedules/${at}/pause`, { json: {} }));
    for (const json of [
      { action: text, filter: {} },
      { action: 'remove', images: [text] },
      { action: 'remove', filter: { search: text } },
      { action: 'remove', filter: { host: text } },
      { action: 'remove', filter: { upstream: text } },
      { action: 'remove', filter: { code: text } },
      { action: 'remove', filter: { target: text } },
      { action: 'backfill', filter: {}, target: text },
    ]) {
      add('/images/actions', [200, 422], async () => await stage.call('/api/v1/images/actions', { json }));
    }
  }
  for (const text of texts) {
    for (const [path, json] of [
      ['audits', { targets: [text] }],
      ['audits', { deep: text }],
      ['images/rollback', { image: text, target: text }],
      ['images/rollback', { image: 'nginx:1.27', target: 'aliyun', to: text }],
      ['images/release', { image: 'nginx:1.27', target: text }],
    ] as const) {
      add(`/${path} of ${text.slice(0, 20)}`, [422], async () => await stage.call(`/api/v1/${path}`, { json }));
    }
  }
  const withToken = { authorization: `Bearer ${apiToken}` };
  for (const [method, path] of changes.filter(([, , content]) => content !== undefined)) {
    for (const body of ['', '{', '[]', 'null', '"x"', '{"filter":'.repeat(20), '[['.repeat(5_000)]) {
      add(`${path} malformed`, [400, 404, 422], async () => await raw(path, method, { ...withToken, ...asJson }, body));
    }
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/html',
    ]) {
      add(
        `${path} as ${type}`,
        [415],
        async () => await raw(path, method, { ...withToken, 'content-type': type }, '{}'),
      );
    }
    const large = `{"text":"${'x'.repeat(1_100_000)}"}`;
    add(`${path} oversized`, [413], async () => await raw(path, method, { ...withToken, ...asJson }, large));
  }
  return found;
}

test('a thousand hostile requests do nothing, and nothing of them comes back as HTML', async () => {
  const cookie = await signIn(stage.server);
  const all = attempts(cookie);
  const faults: string[] = [];
  const waiting = [...all];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const response = await one.send();
      const type = response.headers.get('content-type') ?? '';
      await response.arrayBuffer();
      if (!one.statuses.includes(response.status)) faults.push(`${one.name}: ${response.status}`);
      if (/html/i.test(type)) faults.push(`${one.name}: ${type}`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  const rows = await stage.database.queries.selectFrom('images_for_push').select(['image', 'push_status']).execute();

  expect(all.length).toBeGreaterThan(1_000);
  expect(faults).toEqual([]);
  expect(done).toEqual([]);
  expect(stage.syncs).toEqual([]);
  expect(rows).toEqual([
    { image: 'docker.io/library/nginx:1.27', push_status: 0 },
    { image: 'docker.io/library/redis:7', push_status: 0 },
  ]);
}, 60_000);
