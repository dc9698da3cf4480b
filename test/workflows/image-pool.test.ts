import { describe, expect, test } from 'vitest';

import { ImagePool } from '../../src/workflows/image-pool.js';

const found = (...discovered: string[]) => ({ asked: [], discovered });
const asked = (...images: string[]) => ({ asked: images, discovered: [] });
/** The next image, taken alone. */
const next = (pool: ImagePool, room?: Parameters<ImagePool['take']>[1]) => pool.take(1, room)?.images[0];

describe('the order in which a run copies images', () => {
  test('discovered images come in the order of their rows', () => {
    const pool = new ImagePool();

    pool.offer(found('a', 'b'));

    expect([next(pool), next(pool), next(pool)]).toEqual(['a', 'b', undefined]);
  });

  test('a requested image goes before all discovered ones, even if it was already queued', () => {
    const pool = new ImagePool();
    pool.offer(found('a', 'b', 'c'));

    pool.offer({ asked: ['c', 'd'], discovered: ['a', 'b'] });

    expect([next(pool), next(pool), next(pool), next(pool)]).toEqual(['c', 'd', 'a', 'b']);
  });

  test('an image in flight is not started twice, and may be added again when it has ended', () => {
    const pool = new ImagePool();
    pool.offer(found('a'));
    const image = next(pool);

    pool.offer(asked('a'));
    const whileInWork = next(pool);
    pool.finished('a');
    pool.offer(asked('a'));

    expect([image, whileInWork, next(pool)]).toEqual(['a', undefined, 'a']);
  });

  test('an image that another workflow is copying is skipped for the rest of the run', () => {
    const pool = new ImagePool({ runningElsewhere: ['a'] });
    pool.leaveTo('b');

    pool.offer(asked('a', 'b', 'c'));

    expect([next(pool), next(pool)]).toEqual(['c', undefined]);
    expect(pool.runningElsewhere).toEqual(['a', 'b']);
  });

  test('an image that is requested while it is in flight makes the run query again when it has ended', () => {
    const pool = new ImagePool();
    pool.offer(found('a', 'b'));
    next(pool);
    pool.offer(asked('a'));

    const whileInWork = pool.wantsLook;
    pool.finished('a');
    const whenOver = pool.wantsLook;
    pool.offer({ asked: ['a'], discovered: ['b'] });

    expect([whileInWork, whenOver, pool.wantsLook]).toEqual([false, true, false]);
    expect(next(pool)).toBe('a');
  });

  test('a tag and the same tag with a digest are never in flight together, and do not delay others', () => {
    const pinned = `host/app:1@sha256:${'a'.repeat(64)}`;
    const pool = new ImagePool();
    pool.offer(found('host/app:1', pinned, 'host/app:2'));

    const taken = [next(pool), next(pool), next(pool)];
    pool.finished('host/app:1');

    expect(taken).toEqual(['host/app:1', 'host/app:2', undefined]);
    expect(next(pool)).toBe(pinned);
  });

  test('a digest without a tag and the tag that it has on a target are never in flight at once', () => {
    const untagged = `host/app@sha256:${'a'.repeat(64)}`;
    const tagged = `host/app:digest-${'a'.repeat(12)}`;
    const pool = new ImagePool();
    pool.offer(found(untagged, tagged));

    const taken = [next(pool), next(pool)];
    pool.finished(untagged);

    expect(taken).toEqual([untagged, undefined]);
    expect(next(pool)).toBe(tagged);
  });

  test('only requested images are started while the run drains', () => {
    const pool = new ImagePool();
    pool.offer({ asked: ['a'], discovered: ['b'] });

    const drained = { asked: true, discovered: false };

    expect([next(pool, drained), next(pool, drained), next(pool)]).toEqual(['a', undefined, 'b']);
  });

  test('several images are taken at once, requested ones apart from the others, and never two with one tag', () => {
    const pinned = `host/app:1@sha256:${'a'.repeat(64)}`;
    const pool = new ImagePool();
    pool.offer({ asked: ['host/app:1'], discovered: [pinned, 'host/app:2', 'host/app:3', 'host/app:4'] });

    expect([pool.take(2), pool.take(2), pool.take(2), pool.take(2)]).toEqual([
      { images: ['host/app:1'], areAsked: true },
      { images: ['host/app:2', 'host/app:3'], areAsked: false },
      { images: ['host/app:4'], areAsked: false },
      undefined,
    ]);
  });

  test('ten thousand images are queued once, however often a query returns them', () => {
    const images = Array.from({ length: 10_000 }, (_, number) => `host/app:${number}`);
    const pool = new ImagePool();

    for (let page = 0; page < 3; page += 1) pool.offer(found(...images));

    expect(pool.queued).toBe(10_000);
  });

  test('a skipped image is offered once more, and a dropped one is not', () => {
    const pool = new ImagePool({ runningElsewhere: ['a'], dropped: ['b'] });

    const first = pool.reconsider();
    pool.offer(found('a', 'b'));

    expect([first, next(pool), next(pool)]).toEqual([true, 'a', undefined]);
    pool.leaveTo('a');
    expect(pool.reconsider()).toBe(false);
  });
});
