import { afterEach, beforeEach, expect, test } from 'vitest';

import { imageRequest, notPushed, pushed, syncImage } from '../../database/store-fixture.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const hub = 'docker.io/library';
let stage: ConsoleStage;

beforeEach(async () => {
  stage = await startConsoleStage();
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  await stores.wanted.addWanted([imageRequest('nginx:1.27'), imageRequest('redis:7'), imageRequest('alpine:3')]);
  await syncImage(stores, `${hub}/nginx:1.27`, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'n:1')] });
  for (const name of ['redis:7', 'alpine:3']) {
    await syncImage(stores, `${hub}/${name}`, {
      targets: [pushed('aliyun', name), notPushed('private', 'blocked', 'no')],
    });
  }
});
afterEach(async () => await stage.clear());

const act = async (json: unknown): Promise<unknown> =>
  await (await stage.call('/api/v1/images/actions', { json })).json();
const statesOf = async (...names: readonly string[]): Promise<readonly string[]> =>
  (await Promise.all(names.map(async (name) => await stage.stores.images.statesOf(`${hub}/${name}`)))).flat();

test('a retry of everything that is blocked for one cause says what changed, and who did it', async () => {
  const done = await act({ action: 'retry', filter: { state: 'blocked', code: 'denied' } });
  const events = await stage.stores.status.eventsOf(`${hub}/redis:7`);

  expect(done).toEqual({ action: 'retry', images: 2, rows: 2, refused: [], syncRequested: true });
  expect(await statesOf('nginx:1.27', 'redis:7', 'alpine:3')).toEqual(['pushed', 'pending', 'pending']);
  expect(events.at(-1)).toMatchObject({ kind: 'retried', from: 'blocked', to: 'pending', who: 'console: operator' });
  expect(stage.syncs).toEqual(['console: operator: retry']);
});

test('a retry leaves a pushed image alone, and force copies it again', async () => {
  const retried = await act({ action: 'retry', images: ['nginx:1.27'] });
  const forced = await act({ action: 'force', images: ['nginx:1.27'] });

  expect(retried).toMatchObject({ images: 0, refused: [{ image: `${hub}/nginx:1.27` }], syncRequested: false });
  expect(forced).toMatchObject({ images: 1, refused: [], syncRequested: true });
  expect(await statesOf('nginx:1.27')).toEqual(['pending']);
});

test('a removal withdraws images, and requests no sync run', async () => {
  const done = await act({ action: 'remove', images: ['redis:7', 'redis:7', 'unknown:1'] });

  expect(done).toMatchObject({ images: 1, refused: [{ image: `${hub}/unknown:1` }], syncRequested: false });
  expect(await statesOf('redis:7', 'alpine:3')).toEqual(['withdrawn', 'blocked']);
});

test('a backfill makes pushed images pending that the target lacks', async () => {
  const done = await act({ action: 'backfill', filter: {}, target: 'third' });
  const again = await act({ action: 'backfill', filter: {}, target: 'aliyun' });

  expect([done, again]).toMatchObject([{ images: 1 }, { images: 0 }]);
  expect(await statesOf('nginx:1.27', 'redis:7')).toEqual(['pending', 'blocked']);
});

test('a preview changes nothing, and names what would change', async () => {
  const response = await stage.call('/api/v1/images/preview', {
    json: { action: 'retry', filter: { search: 'redis' } },
  });

  expect(await response.json()).toEqual({
    action: 'retry',
    images: 1,
    rows: 1,
    sample: [`${hub}/redis:7`],
    refused: [],
    planFault: 'no target is configured',
  });
  expect(await statesOf('redis:7')).toEqual(['blocked']);
  expect(stage.syncs).toEqual([]);
});

test('many rows change in pages, each with its event', async () => {
  const requests = Array.from({ length: 1_200 }, (_, number) => imageRequest(`many-${number}:1`));
  await stage.stores.wanted.addWanted(requests);

  const done = await act({ action: 'remove', filter: { search: 'MANY-' } });
  const events = await stage.stores.status.events(0, 10_000);

  expect(done).toMatchObject({ images: 1_200, rows: 1_200 });
  expect(events.filter(({ kind }) => kind === 'removed')).toHaveLength(1_200);
});

test('an action that is not clear is refused, also one with a field that is mistyped', async () => {
  const unclear = [
    {},
    { action: 'delete', images: ['nginx'] },
    { action: 'retry' },
    { action: 'retry', images: [] },
    { action: 'retry', images: ['nginx'], filter: {} },
    { action: 'backfill', filter: {} },
    { action: 'retry', images: ['nginx'], target: 'aliyun' },
    { action: 'retry', filter: { state: 'gone' } },
    { action: 'retry', images: 'nginx' },
    { action: 'remove', filter: { serach: 'nginx' } },
    { action: 'remove', filter: { target: 'aliyn' } },
    { action: 'backfill', filter: {}, target: 'aliyn' },
  ];

  const statuses: number[] = [];
  for (const json of unclear) statuses.push((await stage.call('/api/v1/images/actions', { json })).status);

  expect(statuses).toEqual(unclear.map(() => 422));
  expect(await statesOf('nginx:1.27', 'redis:7', 'alpine:3')).toEqual(['pushed', 'blocked', 'blocked']);
});

test('requests that change something are kept with what became of them, without those that only read', async () => {
  await act({ action: 'retry', images: ['redis:7'] });
  await stage.call('/api/v1/images');
  await stage.call('/api/v1/runs', { json: {}, token: 'wrong' });
  await stage.requests.flush();
  const kept = (await (await stage.call('/api/v1/requests')).json()) as { readonly items: readonly object[] };
  const refused = await (await stage.call('/api/v1/requests?outcome=refused&kind=api')).json();

  expect(kept.items).toMatchObject([
    { kind: 'api', route: '/api/v1/runs', status: 401, outcome: 'refused' },
    { kind: 'api', route: '/api/v1/images/actions', status: 200, outcome: 'accepted', event: 'retry', who: 'operator' },
  ]);
  expect(refused).toMatchObject({ items: [{ status: 401 }] });
});
