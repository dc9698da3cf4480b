import { describe, expect, test } from 'vitest';

import { ImagePool } from '../../src/workflows/image-pool.js';

const found = (...images: string[]) => images.map((image) => ({ image, explicit: false }));
const asked = (...images: string[]) => images.map((image) => ({ image, explicit: true }));

describe('the order in which a pass copies images', () => {
  test('discovered images come in the order of their rows', () => {
    const pool = new ImagePool([]);

    pool.offer(found('a', 'b'));

    expect([pool.take(), pool.take(), pool.take()]).toEqual(['a', 'b', undefined]);
  });

  test('an image that somebody asked for goes before everything discovered, also when it was queued already', () => {
    const pool = new ImagePool([]);
    pool.offer(found('a', 'b', 'c'));

    pool.offer([...asked('c', 'd'), ...found('a', 'b')]);

    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual(['c', 'd', 'a', 'b']);
  });

  test('an image in work is not taken twice, and may be offered again when it is over', () => {
    const pool = new ImagePool([]);
    pool.offer(found('a'));
    const image = pool.take();

    pool.offer(asked('a'));
    const whileInWork = pool.take();
    pool.finished('a');
    pool.offer(asked('a'));

    expect([image, whileInWork, pool.take()]).toEqual(['a', undefined, 'a']);
  });

  test('an image that another run copies is left to it for the rest of the pass', () => {
    const pool = new ImagePool(['a']);
    pool.leaveTo('b');

    pool.offer(asked('a', 'b', 'c'));

    expect([pool.take(), pool.take()]).toEqual(['c', undefined]);
    expect(pool.elsewhere).toEqual(['a', 'b']);
  });
});
