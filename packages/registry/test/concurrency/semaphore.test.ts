import { expect, test } from 'vitest';

import { Semaphore } from '../../src/concurrency/semaphore.js';

/** Lets a waiter with a granted slot take it. */
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

test('the waiter with the highest rank is next, and equal ranks are served in order of arrival', async () => {
  const places = new Semaphore(1);
  const order: string[] = [];
  const leave = await places.acquire();
  const all = [
    ['small', 1],
    ['large', 9],
    ['small, later', 1],
    ['largest', 10],
    ['large, later', 9],
  ].map(async ([name, rank]) => {
    const done = await places.acquire(undefined, Number(rank));
    order.push(String(name));
    done();
  });

  await settled();
  leave();
  await Promise.all(all);

  expect(order).toEqual(['largest', 'large', 'large, later', 'small', 'small, later']);
});

test('a cancelled waiter is skipped, and a slot that is released twice counts once', async () => {
  const places = new Semaphore(1);
  const leave = await places.acquire();
  const abort = new AbortController();
  const impatient = places.acquire(abort.signal, 5).catch((error: unknown) => error);
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
