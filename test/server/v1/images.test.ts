import { afterAll, beforeAll, expect, test } from 'vitest';

import { imageRequest, notPushed, pushed, syncImage } from '../../database/store-fixture.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

interface Listed {
  readonly items: readonly { readonly image: string; readonly state: string }[];
  readonly next?: string;
}

const hub = 'docker.io/library';
let stage: ConsoleStage;

beforeAll(async () => {
  stage = await startConsoleStage();
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  const names = ['nginx:1.27', 'redis:7', 'alpine:3', 'ghcr.io/org/App:V1', 'postgres:17', 'old:1'];
  await stores.wanted.addWanted(names.map((name) => imageRequest(name.toLowerCase().replace('v1', 'V1'))));
  const upstream = { by: 'upstream', id: 'dify', release: '1.9.0' } as const;
  await stores.wanted.addWanted([{ ...imageRequest('dify-api:1.9.0'), requestedBy: upstream }]);
  await syncImage(stores, `${hub}/nginx:1.27`, { targets: [pushed('aliyun', 'nginx:1.27'), pushed('private', 'n:1')] });
  await syncImage(stores, `${hub}/redis:7`, {
    targets: [pushed('aliyun', 'redis:7'), notPushed('private', 'retrying', 'it is down')],
  });
  await syncImage(stores, `${hub}/alpine:3`, {
    targets: [notPushed('aliyun', 'blocked', 'no'), notPushed('private', 'blocked', 'no')],
  });
  await syncImage(stores, `${hub}/postgres:17`, {
    targets: [notPushed('aliyun', 'waiting', 'later'), notPushed('private', 'waiting', 'later')],
  });
  await stores.actions.remove(`${hub}/old:1`);
});
afterAll(async () => await stage.clear());

const list = async (query: string): Promise<Listed> =>
  (await (await stage.call(`/api/v1/images?${query}`)).json()) as Listed;
const namesOf = ({ items }: Listed): string[] => items.map(({ image }) => image.replace(`${hub}/`, '')).sort();

test.each([
  ['', ['alpine:3', 'dify-api:1.9.0', 'ghcr.io/org/app:V1', 'nginx:1.27', 'postgres:17', 'redis:7']],
  ['state=pending', ['dify-api:1.9.0', 'ghcr.io/org/app:V1']],
  ['state=waiting', ['postgres:17']],
  ['state=retrying', ['redis:7']],
  ['state=blocked', ['alpine:3']],
  ['state=pushed', ['nginx:1.27']],
  ['state=withdrawn', ['old:1']],
  ['state=missing', ['alpine:3', 'dify-api:1.9.0', 'ghcr.io/org/app:V1', 'postgres:17', 'redis:7']],
  ['target=aliyun&state=pushed', ['nginx:1.27', 'redis:7']],
  ['target=private&state=missing', ['alpine:3', 'dify-api:1.9.0', 'ghcr.io/org/app:V1', 'postgres:17', 'redis:7']],
  ['target=private&state=retrying', ['redis:7']],
  ['target=private&state=pending', ['dify-api:1.9.0', 'ghcr.io/org/app:V1']],
  ['search=ApP', ['ghcr.io/org/app:V1']],
  ['search=%25', []],
  ["search=' or 1=1 --", []],
  ['host=ghcr.io', ['ghcr.io/org/app:V1']],
  ['host=ghcr', []],
  ['upstream=dify', ['dify-api:1.9.0']],
  ['upstream=dif', []],
  ['code=denied', ['alpine:3']],
  ['code=unreachable&state=retrying', ['redis:7']],
  ['olderThan=1000', []],
] as const)('the filter "%s" finds its images, and the count and the export say the same', async (query, expected) => {
  const found = await list(query);
  const count = (await (await stage.call(`/api/v1/images/count?${query}`)).json()) as { readonly count: number };
  const file = await stage.call(`/api/v1/images/export?format=json&${query}`);

  expect(namesOf(found)).toEqual(expected);
  expect(count).toEqual({ count: expected.length });
  expect(namesOf({ items: (await file.json()) as Listed['items'] })).toEqual(expected);
});

test.each(['added', 'image', 'checked'])(
  'pages in the order of "%s" show every image once, in both directions',
  async (sort) => {
    const pages = async (order: string): Promise<string[]> => {
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const page = await list(`sort=${sort}&order=${order}&limit=2${cursor}`);
        seen.push(...page.items.map(({ image }) => image));
        if (page.next === undefined) return seen;
        cursor = `&cursor=${page.next}`;
      }
    };

    const ascending = await pages('asc');
    const descending = await pages('desc');

    expect(new Set(ascending).size).toBe(6);
    expect(descending).toEqual(ascending.toReversed());
  },
);

test('the columns of the export cannot be formulas, and each row is a line', async () => {
  await stage.database.queries
    .insertInto('images_for_push')
    .values({
      orig_image_name: '=cmd()|"x",\n1',
      push_status: 2,
      ferry_status: 2,
      blocked_code: 'quota',
      blocked_reason: '=1+1',
    })
    .execute();

  const csv = await (await stage.call('/api/v1/images/export?state=blocked')).text();

  expect(csv.split('\r\n')[0]).toMatch(/^image,platform,state/);
  expect(csv).toContain(`"docker.io/=cmd()|""x"",\n1",linux/amd64,blocked,quota,'=1+1,`);
});

test('an image shows its platforms, copies and events, and one that was never wanted shows nothing', async () => {
  const image = await stage.call('/api/v1/image?reference=redis:7');
  const unknown = await stage.call('/api/v1/image?reference=unknown:1');

  expect(await image.json()).toMatchObject({
    image: `${hub}/redis:7`,
    rows: [{ state: 'retrying', copies: [{ target: 'aliyun' }, { target: 'private', reason: 'it is down' }] }],
    pushed: [{ digest: `sha256:${'a'.repeat(64)}` }],
    replaced: [],
  });
  expect(await unknown.json()).toMatchObject({ rows: [], copies: [], pushed: [], events: [] });
});

test('the overview groups what is not pushed by its cause: a target, or the source of all copies', async () => {
  const overview = (await (await stage.call('/api/v1/overview')).json()) as { readonly causes: readonly object[] };

  expect(overview).toMatchObject({ counts: { pending: 2, waiting: 1, retrying: 1, pushed: 1, withdrawn: 1 } });
  expect(overview.causes).toContainEqual(
    expect.objectContaining({ state: 'retrying', code: 'unreachable', target: 'private', images: 1 }),
  );
  expect(overview.causes).toContainEqual(
    expect.objectContaining({ state: 'blocked', code: 'denied', host: 'docker.io', sample: [`${hub}/alpine:3`] }),
  );
});

test.each(['sort=size', 'limit=0', 'limit=1001', 'cursor=x', 'cursor=WzEsMiwzXQ', 'state=gone', 'olderThan=x'])(
  'a list with %s is refused with the name of the parameter',
  async (query) => {
    const response = await stage.call(`/api/v1/images?${query}`);

    expect(response.status).toBe(422);
    expect(await response.text()).toContain(query.split('=', 1)[0]);
  },
);
