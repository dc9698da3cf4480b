import { describe, expect, test } from 'vitest';

import { ImagePool } from '../../src/workflows/image-pool.js';

const found = (...images: string[]) => ({ asked: [], discovered: images });
const asked = (...images: string[]) => ({ asked: images, discovered: [] });

describe('the order in which a run copies images', () => {
  test('discovered images come in the order of their rows', () => {
    const pool = new ImagePool();

    pool.offer(found('a', 'b'));

    expect([pool.take(), pool.take(), pool.take()]).toEqual(['a', 'b', undefined]);
  });

  test('a requested image goes before all discovered ones, even if it was already queued', () => {
    const pool = new ImagePool();
    pool.offer(found('a', 'b', 'c'));

    pool.offer({ asked: ['c', 'd'], discovered: ['a', 'b'] });

    expect([pool.take(), pool.take(), pool.take(), pool.take()]).toEqual(['c', 'd', 'a', 'b']);
  });

  test('an image in flight is not started twice, and may be added again when it has ended', () => {
    const pool = new ImagePool();
    pool.offer(found('a'));
    const image = pool.take();

    pool.offer(asked('a'));
    const whileInWork = pool.take();
    pool.finished('a');
    pool.offer(asked('a'));

    expect([image, whileInWork, pool.take()]).toEqual(['a', undefined, 'a']);
  });

  test('an image that another workflow is copying is skipped for the rest of the run', () => {
    const pool = new ImagePool({ runningElsewhere: ['a'] });
    pool.leaveTo('b');

    pool.offer(asked('a', 'b', 'c'));

    expect([pool.take(), pool.take()]).toEqual(['c', undefined]);
    expect(pool.runningElsewhere).toEqual(['a', 'b']);
  });

  test('an image that is requested while it is in flight makes the run query again when it has ended', () => {
    const pool = new ImagePool();
    pool.offer(found('a', 'b'));
    pool.take();
    pool.offer(asked('a'));

    const whileInWork = pool.wantsLook;
    pool.finished('a');
    const whenOver = pool.wantsLook;
    pool.offer({ asked: ['a'], discovered: ['b'] });

    expect([whileInWork, whenOver, pool.wantsLook]).toEqual([false, true, false]);
    expect(pool.take()).toBe('a');
  });

  test('a tag and the same tag with a digest are never in flight together, and do not delay others', () => {
    const pinned = `host/app:1@sha256:${'a'.repeat(64)}`;
    const pool = new ImagePool();
    pool.offer(found('host/app:1', pinned, 'host/app:2'));

    const taken = [pool.take(), pool.take(), pool.take()];
    pool.finished('host/app:1');

    expect(taken).toEqual(['host/app:1', 'host/app:2', undefined]);
    expect(pool.take()).toBe(pinned);
  });

  test('a digest without a tag and the tag that it has on a target are never in flight at once', () => {
    const untagged = `host/app@sha256:${'a'.repeat(64)}`;
    const tagged = `host/app:digest-${'a'.repeat(12)}`;
    const pool = new ImagePool();
    pool.offer(found(untagged, tagged));

    const taken = [pool.take(), pool.take()];
    pool.finished(untagged);

    expect(taken).toEqual([untagged, undefined]);
    expect(pool.take()).toBe(tagged);
  });

  test('only requested images are started while the run drains', () => {
    const pool = new ImagePool();
    pool.offer({ asked: ['a'], discovered: ['b'] });

    expect([pool.take({ askedOnly: true }), pool.take({ askedOnly: true }), pool.take()]).toEqual([
      'a',
      undefined,
      'b',
    ]);
  });

  test('a query does not read a long queue again as a whole', () => {
    const pool = new ImagePool({ runningElsewhere: ['x'] });

    pool.offer(found(...Array.from({ length: 10_000 }, (_, number) => `host/app:${number}`)));

    expect(pool.queued).toBe(10_000);
    expect(pool.known).toBe(2_001);
  });

  test('a skipped image is offered once more, and a dropped one is not', () => {
    const pool = new ImagePool({ runningElsewhere: ['a'], dropped: ['b'] });

    const first = pool.reconsider();
    pool.offer(found('a', 'b'));

    expect([first, pool.take(), pool.take()]).toEqual([true, 'a', undefined]);
    pool.leaveTo('a');
    expect(pool.reconsider()).toBe(false);
  });
});
