import { expect, test } from 'vitest';

import { KeyedLock } from '../../src/concurrency/keyed-lock.js';

test('two that share a key take turns; a third that shares none does not wait', async () => {
  const locks = new KeyedLock();
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

test('one that is cancelled while it waits learns it at once, whoever holds the key', async () => {
  const locks = new KeyedLock();
  const controller = new AbortController();
  const release = await locks.acquire(['a']);

  const cancelled = locks.acquire(['a'], controller.signal);
  controller.abort(new Error('enough'));

  await expect(cancelled).rejects.toThrow('enough');
  release();
});

test('one that is cancelled while it waits holds nobody up', async () => {
  const locks = new KeyedLock();
  const controller = new AbortController();
  const first = await locks.acquire(['a']);

  const cancelled = locks.acquire(['a', 'b'], controller.signal);
  controller.abort(new Error('enough'));
  await expect(cancelled).rejects.toThrow('enough');
  first();

  (await locks.acquire(['a', 'b']))();
});
