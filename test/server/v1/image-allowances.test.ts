import { afterAll, beforeAll, expect, test } from 'vitest';

import { imageRequest, notPushed, syncImage } from '../../database/store-fixture.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const image = 'docker.io/library/postgres:17';
let stage: ConsoleStage;

beforeAll(async () => {
  stage = await startConsoleStage();
  const { stores } = stage;
  await stores.runs.begin({ id: 'run-1', reasons: [] });
  await stores.wanted.addWanted([imageRequest('postgres:17'), imageRequest('redis:7')]);
  await syncImage(stores, image, {
    targets: [notPushed('aliyun', 'waiting', 'later'), notPushed('private', 'waiting', 'later')],
  });
});
afterAll(async () => await stage.clear());

test('a row that waits for a pull allowance says when pulls are free again, in the list and of the image', async () => {
  const before = await rowsOf('/api/v1/images', 'items');
  const { budgets } = stage.stores;
  const account = { host: 'docker.io', rateLimitSource: '' };
  const allowance = { pulls: 1, windowMs: 3_600_000 };
  await budgets.acquire(account, allowance);

  const listed = await rowsOf('/api/v1/images', 'items');
  const [detail] = await rowsOf(`/api/v1/image?reference=${image}`, 'rows');
  const [{ againAt = 0 } = {}] = await budgets.budgets();

  expect(before.map(({ allowanceAt }) => allowanceAt)).toEqual([undefined, undefined]);
  expect(againAt).toBeGreaterThan(Date.now());
  expect(Object.fromEntries(listed.map((row) => [row.image, row.allowanceAt]))).toEqual({
    [image]: againAt,
    'docker.io/library/redis:7': undefined,
  });
  expect(detail?.allowanceAt).toBe(againAt);
});

async function rowsOf(
  path: string,
  field: 'items' | 'rows',
): Promise<readonly { readonly image: string; readonly allowanceAt?: number }[]> {
  const answer = (await (await stage.call(path)).json()) as Record<
    typeof field,
    readonly { readonly image: string; readonly allowanceAt?: number }[]
  >;
  return answer[field];
}
