import { expect, test } from 'vitest';

import { KeyedLock } from '../../src/concurrency/keyed-lock.js';

test('two holders of one key take turns, and a holder of another key does not wait', async () => {
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

test('a waiter that is cancelled fails at once, whichever holder has the key', async () => {
  const locks = new KeyedLock();
  const controller = new AbortController();
  const release = await locks.acquire(['a']);

  const cancelled = locks.acquire(['a'], controller.signal);
  controller.abort(new Error('enough'));

  await expect(cancelled).rejects.toThrow('enough');
  release();
});

test('a cancelled waiter does not delay the waiters behind it', async () => {
  const locks = new KeyedLock();
  const controller = new AbortController();
  const first = await locks.acquire(['a']);

  const cancelled = locks.acquire(['a', 'b'], controller.signal);
  controller.abort(new Error('enough'));
  await expect(cancelled).rejects.toThrow('enough');
  first();

  (await locks.acquire(['a', 'b']))();
});
