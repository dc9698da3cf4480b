import { expect, test } from 'vitest';

import { withImage } from '../../src/contract/settled-images.js';
import type { NotDone, SyncImageResult } from '../../src/contract/sync-messages.js';
import {
  atNextRun,
  emptyResult,
  withTakeover,
  withRefusedRows,
  withUnreportedImage,
} from '../../src/contract/sync-result.js';

const notDone = (image: string, state: NotDone['state']): NotDone => ({
  image,
  state,
  code: 'unreachable',
  reason: 'connection refused',
});
const done = (image: string, state: SyncImageResult['state']): SyncImageResult => ({
  image,
  state,
  targets: [],
  notDone: state === 'waiting' || state === 'retrying' || state === 'blocked' ? [notDone(image, state)] : [],
  bytesRead: 0,
});

test('images, adopted rows and invalid rows are added up', () => {
  const images = [done('a', 'pushed'), done('b', 'retrying'), done('c', 'nothing')];

  const result = withUnreportedImage(
    withTakeover(images.reduce(withImage, emptyResult), { adopted: 5 }),
    notDone('d', 'retrying'),
  );

  expect(result).toMatchObject({ images: 8, pushed: 6, retrying: 2, waiting: 0, blocked: 0 });
  expect(result.notDone.map(({ image }) => image)).toEqual(['b', 'd']);
});

test('rows marked as pushed are counted by their results over all pages, and unchecked ones are reported once', () => {
  const fault = { code: 'unreachable', decision: 'retry', reason: 'connection refused' } as const;
  const pages = [
    { adopted: 59, claims: { looked: 283, missing: 220, unverified: 4 }, unasked: [{ target: 'a', fault, rows: 4 }] },
    { adopted: 3, claims: { looked: 3, missing: 1, unverified: 0 } },
  ];

  const result = pages.reduce(withTakeover, emptyResult);

  expect(result.takeover).toEqual({ looked: 286, there: 61, missing: 221, unverified: 4 });
  expect(result).toMatchObject({ images: 66, pushed: 62, retrying: 4 });
  expect(result.notDone).toMatchObject([{ image: '4 rows marked as pushed', target: 'a', state: 'retrying' }]);
  expect(atNextRun(result)).toMatchObject({ retrying: 0, takeover: { looked: 282, unverified: 0 } });
  expect(withTakeover(emptyResult, { adopted: 2 })).not.toHaveProperty('takeover');
});

test('the earliest retry time of all images applies, and the next run starts without one', () => {
  const later = { ...done('a', 'waiting'), againAt: 9_000 };
  const sooner = { ...done('b', 'waiting'), againAt: 4_000 };

  const result = [later, sooner, done('c', 'waiting')].reduce(withImage, emptyResult);

  expect(result.againAt).toBe(4_000);
  expect(atNextRun(result)).not.toHaveProperty('againAt');
});

test('an image that fails in two runs counts once, and one that a later run pushes is not reported as failed', () => {
  const first = [done('a', 'pushed'), done('b', 'retrying'), done('c', 'waiting'), done('d', 'blocked')];

  const result = [done('b', 'retrying'), done('c', 'pushed')].reduce(
    withImage,
    atNextRun(first.reduce(withImage, emptyResult)),
  );

  expect(result).toMatchObject({ images: 4, pushed: 2, retrying: 1, waiting: 0, blocked: 1 });
  expect(result.notDone.map(({ image }) => image)).toEqual(['d', 'b']);
});

test('replaced tags are reported, even if other targets failed', () => {
  const pushed = (target: string, replaced: { replaced?: string; backup?: string }) => ({
    target,
    state: 'pushed' as const,
    reference: `${target}.example.com/app:latest`,
    digest: 'sha256:new',
    mediaType: '',
    platforms: [],
    dropped: [],
    uploadedBlobs: 0,
    mountedBlobs: 0,
    skippedBlobs: 0,
    bytesSent: 0,
    ...replaced,
  });
  const image = (name: string): SyncImageResult => ({
    ...done(name, 'retrying'),
    targets: [
      pushed('a', { replaced: 'sha256:old', backup: 'a.example.com/app:kept' }),
      pushed('b', { replaced: 'sha256:older' }),
      pushed('c', {}),
      { target: 'd', state: 'retrying', code: 'unreachable', reason: 'connection refused' },
    ],
  });

  const one = withImage(withImage(emptyResult, image('app')), done('other', 'pushed'));
  const many = Array.from({ length: 60 }, (_, n) => image(`app-${n}`)).reduce(withImage, emptyResult);

  const told = { image: 'app', digest: 'sha256:new' };
  const a = {
    target: 'a',
    reference: 'a.example.com/app:latest',
    before: 'sha256:old',
    backup: 'a.example.com/app:kept',
  };
  const b = { target: 'b', reference: 'b.example.com/app:latest', before: 'sha256:older' };
  expect(one.replaced).toEqual({
    count: 2,
    first: [
      { ...told, ...a },
      { ...told, ...b },
    ],
  });
  expect(atNextRun(one).replaced).toEqual(one.replaced);
  expect([many.replaced?.count, many.replaced?.first.length]).toEqual([120, 100]);
  expect(withImage(emptyResult, done('other', 'pushed')).replaced).toBe(undefined);
  const removed = withImage(emptyResult, { ...image('a'), state: 'nothing' });
  expect([removed.images, removed.replaced?.count]).toEqual([0, 2]);
});

test('invalid rows are reported as blocked, each with its own reason', () => {
  const change = { image: 'docker.io/Not', to: 'blocked', code: 'invalid-reference', reason: 'upper case' } as const;
  const result = withRefusedRows(emptyResult, { count: 2, first: [change] });

  expect(result).toMatchObject({ images: 2, blocked: 2 });
  expect(result.notDone).toEqual([
    { image: 'docker.io/Not', state: 'blocked', code: 'invalid-reference', reason: 'upper case' },
  ]);
  expect(withRefusedRows(emptyResult, { count: 0, first: [] })).toBe(emptyResult);
});

test('the result contains at most a hundred failed images', () => {
  const result = Array.from({ length: 250 }, (_, n) => done(`image-${n}`, 'blocked')).reduce(withImage, emptyResult);

  expect(result.blocked).toBe(250);
  expect(result.notDone).toHaveLength(100);
});

test('tags that cannot be read back are counted over all images of a run', () => {
  const outcome = {
    target: 'harbor',
    state: 'pushed' as const,
    reference: 'harbor.example.com/app:v1',
    digest: 'sha256:new',
    mediaType: '',
    platforms: [],
    dropped: [],
    uploadedBlobs: 0,
    mountedBlobs: 0,
    skippedBlobs: 0,
    bytesSent: 0,
    unread: "the project's policy",
  };
  const image = (name: string): SyncImageResult => ({ ...done(name, 'pushed'), targets: [outcome] });

  const { unread } = [image('a'), done('b', 'pushed'), image('c')].reduce(withImage, emptyResult);

  const told = { target: 'harbor', reference: 'harbor.example.com/app:v1', reason: "the project's policy" };
  expect(unread).toEqual({
    count: 2,
    first: [
      { image: 'a', ...told },
      { image: 'c', ...told },
    ],
  });
});
