import { expect, test } from 'vitest';

import { RepositoryLocks } from '../../src/docker/repository-locks.js';

test('two that share a repository take turns; a third that shares none does not wait', async () => {
  const locks = new RepositoryLocks();
  const order: string[] = [];

  const first = await locks.acquire(['a', 'b']);
  const second = locks.acquire(['b', 'c']).then((release) => {
    order.push('second');
    release();
  });
  (await locks.acquire(['d']))();
  order.push('third');
  first();
  await second;

  expect(order).toEqual(['third', 'second']);
});

test('one that is cancelled while it waits holds nobody up', async () => {
  const locks = new RepositoryLocks();
  const controller = new AbortController();
  const first = await locks.acquire(['a']);

  const cancelled = locks.acquire(['a', 'b'], controller.signal);
  controller.abort(new Error('enough'));
  await expect(cancelled).rejects.toThrow('enough');
  first();

  (await locks.acquire(['a', 'b']))();
});
