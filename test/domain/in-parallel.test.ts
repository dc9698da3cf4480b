import { expect, test } from 'vitest';

import { inParallel } from '../../src/domain/in-parallel.js';

test('inParallel runs as many items at the same time as its width, and every item once', async () => {
  const started: number[] = [];
  let running = 0;
  let most = 0;

  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    started.push(item);
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
  });

  expect(started).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(most).toBe(3);
});

test('inParallel with fewer items than its width ends when they are done', async () => {
  const done: string[] = [];

  await inParallel(['only'], 8, async (item) => void done.push(item));

  expect(done).toEqual(['only']);
});

test('after an error inParallel starts no other item, and rejects with the error', async () => {
  const started: number[] = [];

  const running = inParallel([1, 2, 3, 4, 5, 6], 2, async (item) => {
    started.push(item);
    await Promise.resolve();
    if (item === 2) throw new Error('item 2');
  });

  await expect(running).rejects.toThrow('item 2');
  expect(started).toEqual([1, 2, 3]);
});
