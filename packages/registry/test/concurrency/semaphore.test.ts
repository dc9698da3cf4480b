import { expect, test } from 'vitest';

import { Semaphore } from '../../src/concurrency/semaphore.js';

/** Lets a waiter with a granted slot take it. */
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test('those who wait for a semaphore get it in order of arrival', async () => {
  const places = new Semaphore(1);
  const order: string[] = [];
  const leave = await places.acquire();
  const all = ['first', 'second', 'third'].map(async (name) => {
    const done = await places.acquire();
    order.push(name);
    done();
  });

  await settled();
  leave();
  await Promise.all(all);

  expect(order).toEqual(['first', 'second', 'third']);
});

test('a cancelled waiter is skipped, and a slot that is released twice counts once', async () => {
  const places = new Semaphore(1);
  const leave = await places.acquire();
  const abort = new AbortController();
  const impatient = places.acquire(abort.signal).catch((error: unknown) => error);
  const patient = places.acquire();

  abort.abort(new Error('no longer'));
  leave();
  leave();
  const leavePatient = await patient;
  let isTaken = false;
  const next = places.acquire().then((done) => {
    isTaken = true;
    return done;
  });
  await settled();
  const takenBefore = isTaken;
  leavePatient();
  await next;

  expect(await impatient).toEqual(new Error('no longer'));
  expect([takenBefore, isTaken]).toEqual([false, true]);
});
