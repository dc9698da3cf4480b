import { expect, test } from 'vitest';

import { ImageSlots } from '../../src/planning/image-slots.js';

/** Runs this many images, each of which spends what `spent` says, and returns the limit at the end. */
async function limitAfter(images: number, spent: { readonly memoryBytes: number; readonly busy: number }) {
  let now = 0;
  const slots = new ImageSlots(() => ({ ...spent, now: (now += 1_000) }));
  let [running, most] = [0, 0];
  await Promise.all(
    Array.from({ length: images }, async () => {
      await slots.run(async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      });
    }),
  );
  return { limit: slots.limit, most };
}

const megabyte = 1024 * 1024;

test('more images are in flight while the process mostly waits', async () => {
  expect((await limitAfter(1_000, { memoryBytes: 100 * megabyte, busy: 0.2 })).limit).toBe(128);
});

test('a busy process gets no more images in flight', async () => {
  expect(await limitAfter(1_000, { memoryBytes: 100 * megabyte, busy: 0.95 })).toEqual({ limit: 32, most: 32 });
});

test('a process with much memory gets fewer images in flight, but never stops', async () => {
  expect((await limitAfter(1_000, { memoryBytes: 400 * megabyte, busy: 0.2 })).limit).toBe(16);
});

test('an image that fails frees its slot', async () => {
  const slots = new ImageSlots(() => ({ now: 0, memoryBytes: 0, busy: 1 }));
  const failing = Array.from(
    { length: 40 },
    async () => await slots.run(async () => await Promise.reject(new Error('no'))),
  );

  await Promise.allSettled(failing);

  expect(await slots.run(async () => await Promise.resolve('done'))).toBe('done');
});

test('requested images go before those that wait, and beyond the limit', async () => {
  const slots = new ImageSlots(() => ({ now: 0, memoryBytes: 0, busy: 1 }));
  const order: string[] = [];
  const work = async (name: string, isAsked: boolean): Promise<void> =>
    await slots.run(
      async () => {
        order.push(name);
        await new Promise((resolve) => setImmediate(resolve));
      },
      { isAsked },
    );

  const others = Array.from({ length: 60 }, async (_, n) => await work(`${n}`, false));
  const asked = Array.from({ length: 6 }, async (_, n) => await work(`asked ${n}`, true));
  await Promise.all([...others, ...asked]);

  expect(order.slice(32, 38)).toEqual(['asked 0', 'asked 1', 'asked 2', 'asked 3', 'asked 4', 'asked 5']);
});
