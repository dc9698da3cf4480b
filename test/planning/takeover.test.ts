import { beforeEach, expect, test } from 'vitest';

import { beforeFirstRow, PushStatus } from '../../src/domain/wanted-image.js';
import { requestsOf, run, startActivityStage } from '../activities/activity-stage.js';
import type { ActivityStage } from '../activities/activity-stage.js';
import { placeImage } from '../support/scripted-images.js';

let stage: ActivityStage;

beforeEach(async () => {
  stage = await startActivityStage();
});

test('a row that another program marked as pushed is pushed once it was found on every target for its platform, and pending otherwise', async () => {
  const { aliyun, own } = stage;
  const everywhere = await claimed('everywhere');
  const nowhere = await claimed('nowhere');
  const onOne = await claimed('on-one');
  const forAnother = await claimed('for-another', 'linux/arm64');
  for (const registry of [aliyun, own]) {
    placeImage(registry, nameOn('everywhere'));
    placeImage(registry, nameOn('for-another'));
  }
  placeImage(aliyun, nameOn('on-one'));

  const before = await stage.stores.status.overview();
  const page = await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  const after = await stage.stores.status.overview();

  expect(before).toMatchObject({ wanted: { pushed: 0, pending: 4 }, unverified: 4 });
  expect(page).toMatchObject({ adopted: 1, claims: { looked: 4, missing: 3, unverified: 0 }, unasked: [] });
  expect(await Promise.all([everywhere, nowhere, onOne, forAnother].map(stage.statusOf))).toEqual([
    PushStatus.pushed,
    PushStatus.pending,
    PushStatus.pending,
    PushStatus.pending,
  ]);
  expect(after).toMatchObject({ wanted: { pushed: 1, pending: 3 } });
  expect(after).not.toHaveProperty('unverified');
  expect(requestsOf(stage.source)).toEqual([]);
});

test('a row that was verified is not verified again until another program sets its status again', async () => {
  const { aliyun, own } = stage;
  const image = await claimed('app');
  for (const registry of [aliyun, own]) placeImage(registry, nameOn('app'));
  await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  aliyun.requests.length = 0;

  const again = await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  const asked = [...aliyun.requests];
  await stage.stores.actions.retry(image);
  await stage.database.queries.updateTable('images_for_push').set({ push_status: 1 }).execute();
  own.manifests.clear();
  const byHand = await run(stage.pass.adoptPresent, { after: beforeFirstRow });

  expect(again).toMatchObject({ adopted: 0, claims: { looked: 0 } });
  expect(asked).toEqual([]);
  expect(byHand).toMatchObject({ claims: { looked: 1, missing: 1 } });
  expect(await stage.statusOf(image)).toBe(PushStatus.pending);
});

test('rows that a target could not be asked about stay as they are, are counted with the reason, and are not called pushed', async () => {
  const { own, aliyun } = stage;
  const images = await Promise.all(Array.from({ length: 12 }, async (_, n) => await claimed(`app${n}`)));
  for (const image of images) placeImage(aliyun, nameOn(image.split('/').at(-1)?.split(':')[0] ?? ''));
  await own.stop();

  const page = await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  const { items } = await stage.stores.status.listWanted('wanted');

  expect(page).toMatchObject({ adopted: 0, claims: { looked: 12, missing: 0, unverified: 12 } });
  expect(page.unasked).toMatchObject([{ target: 'private', fault: { code: 'unreachable' } }]);
  expect(page.unasked?.reduce((sum, { rows }) => sum + rows, 0)).toBe(12);
  expect(new Set(await Promise.all(images.map(stage.statusOf)))).toEqual(new Set([PushStatus.pushed]));
  expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['pending']));
  expect(items[0]?.note).toContain('never verified');
});

test('one image that cannot be looked at keeps no other row from being verified', async () => {
  const { own, aliyun } = stage;
  const broken = await claimed('broken');
  const fine = await claimed('fine');
  for (const registry of [aliyun, own]) for (const name of ['broken', 'fine']) placeImage(registry, nameOn(name));
  for (const method of ['HEAD', 'GET']) {
    own.when(method, /broken\/manifests/, ({ response }) => void response.writeHead(403).end());
  }

  const page = await run(stage.pass.adoptPresent, { after: beforeFirstRow });

  expect(page).toMatchObject({
    adopted: 1,
    claims: { unverified: 1 },
    unasked: [{ fault: { code: 'denied' }, rows: 1 }],
  });
  expect(await Promise.all([broken, fine].map(stage.statusOf))).toEqual([PushStatus.pushed, PushStatus.pushed]);
  expect(await stage.stores.status.unverified()).toBe(1);
});

test('more rows than one page are looked for page by page, and a page that is made again finds those that are left', async () => {
  const { own, aliyun } = stage;
  const count = 620;
  const layers = [Buffer.from('the same')];
  for (let n = 0; n < count; n++) {
    await insertClaim(`app${n}`, 'linux/amd64');
    for (const registry of [aliyun, own]) placeImage(registry, nameOn(`app${n}`), { layers });
  }
  await stage.stores.wanted.normalizeRows();

  const first = await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  const second = await run(stage.pass.adoptPresent, { after: first.next ?? 0 });

  expect([first.adopted, second.adopted]).toEqual([500, count - 500]);
  expect(second).not.toHaveProperty('next');
  expect(await stage.stores.status.unverified()).toBe(0);
  // Every tag points to the same image: its manifest and config are read once, and each tag costs one HEAD.
  expect(requestsOf(aliyun).filter((request) => request.startsWith('GET')).length).toBeLessThan(20);
}, 60_000);

test('a row marked as pushed for a target that is not configured is not verified, stays as it is, and is counted with the reason', async () => {
  const image = await claimed('app');
  await stage.database.queries.updateTable('images_for_push').set({ targets: '["gone"]' }).execute();

  const page = await run(stage.pass.adoptPresent, { after: beforeFirstRow });

  expect(page).toMatchObject({ adopted: 0, claims: { looked: 1, missing: 0, unverified: 1 } });
  expect(page.unasked).toMatchObject([{ target: 'gone', rows: 1, fault: { code: 'configuration' } }]);
  expect(await stage.stores.status.unverified()).toBe(1);
  expect(await stage.statusOf(image)).toBe(PushStatus.pushed);
});

test('a row whose image another program changed does not become pushed by what its earlier image has on the targets', async () => {
  const { own, aliyun, stores, source } = stage;
  await claimed('app');
  await stage.pushedByScript(`${source.host}/team/script:v1`);
  for (const registry of [aliyun, own]) for (const name of ['app', 'script']) placeImage(registry, nameOn(name));
  await stage.database.queries.updateTable('images_for_push').set({ orig_image_name: 'other:v1' }).execute();

  await run(stage.pass.adoptPresent, { after: beforeFirstRow });
  const { wanted } = await stores.status.overview();
  await stores.wanted.normalizeRows();
  await run(stage.pass.adoptPresent, { after: beforeFirstRow });

  expect(wanted).toMatchObject({ pushed: 0 });
  expect(await stage.statusOf(`${source.host}/team/other:v1`)).toBe(PushStatus.pending);
});

test('a retry that is requested while the targets are looked at is not answered by what is there', async () => {
  const { own, aliyun, stores, source } = stage;
  const image = `${source.host}/team/app:v1`;
  await stage.pushedByScript(image);
  for (const registry of [aliyun, own]) placeImage(registry, nameOn('app'));
  own.when('HEAD', /app\/manifests/, async ({ ordinary }) => {
    await stores.actions.retry(image);
    await ordinary();
  });

  await run(stage.pass.adoptPresent, { after: beforeFirstRow });

  const row = await stage.database.queries.selectFrom('images_for_push').selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ push_status: PushStatus.pending, force_copy: 1 });
});

/** A row as a script leaves it that sets the status without pushing. @returns the image */
async function claimed(name: string, platform = 'linux/amd64'): Promise<string> {
  await insertClaim(name, platform);
  await stage.stores.wanted.normalizeRows();
  return `${stage.source.host}/team/${name}:v1`;
}

async function insertClaim(name: string, platform: string): Promise<void> {
  const row = { source_registry_url: stage.source.host, orig_name_space: 'team', orig_image_name: `${name}:v1` };
  await stage.database.queries
    .insertInto('images_for_push')
    .values({ ...row, platform, push_status: PushStatus.pushed })
    .execute();
}

function nameOn(name: string): string {
  return `mirror/${name}`;
}
