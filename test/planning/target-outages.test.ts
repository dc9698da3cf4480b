import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { TargetOutages } from '../../src/planning/target-outages.js';

const { signal } = new AbortController();
/** Many images of which each says whether it reached the target. */
async function tryMany(outages: TargetOutages, images: number, isThere: () => boolean): Promise<void> {
  const answers = (wasThere: boolean) => (wasThere ? { away: [], there: ['t'] } : { away: ['t'], there: [] });
  const work = Array.from({ length: images }, async () => {
    await outages.run(['t'], { signal, answers }, async () => {
      await sleep(5);
      return isThere();
    });
  });
  await Promise.all(work);
}

test('while a target is away one image at a time tries it, and all go on when it is back', async () => {
  const outages = new TargetOutages([10, 10, 10]);
  let [tries, isBack] = [0, false];
  const isThere = (): boolean => {
    tries += 1;
    isBack ||= tries === 6;
    return isBack;
  };
  await tryMany(outages, 4, isThere);
  expect(tries).toBe(4);

  await tryMany(outages, 20, isThere);

  // The images in flight, one after the first pause, one that reached the target, and the rest.
  expect(tries).toBe(24);
});

test('after the last pause images are not held back any more', async () => {
  const outages = new TargetOutages([5, 5]);
  let tries = 0;
  const isThere = (): boolean => {
    tries += 1;
    return false;
  };

  await tryMany(outages, 1, isThere);
  await tryMany(outages, 1, isThere);
  await tryMany(outages, 1, isThere);
  const before = performance.now();
  await tryMany(outages, 1, isThere);

  expect(tries).toBe(4);
  expect(performance.now() - before).toBeLessThan(200);
});

test('an image that is cancelled while it waits lets the next one try', async () => {
  const outages = new TargetOutages([20]);
  const abort = new AbortController();
  const away = () => ({ away: ['t'], there: [] });
  await outages.run(['t'], { signal, answers: away }, async () => await Promise.resolve());

  const waiting = outages.run(['t'], { signal: abort.signal, answers: away }, async () => await Promise.resolve());
  abort.abort(new Error('cancelled'));

  await expect(waiting).rejects.toThrow('cancelled');
  await tryMany(outages, 1, () => true);
});
