import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { HashTrail } from '../../src/blobs/hash-trail.js';
import type { TrackedHash } from '../../src/blobs/hash-trail.js';
import { digestOf } from '../../src/manifests/content-digest.js';

const mebibyte = 1024 * 1024;
const bytes: Buffer = randomBytes(12 * mebibyte);
const blob = { digest: digestOf(bytes, 'sha256'), size: bytes.length, mediaType: 'application/octet-stream' };

function wrongAfter(offset: number): Buffer {
  const wrong = Buffer.from(bytes);
  wrong[offset] = (wrong[offset] ?? 0) ^ 1;
  return wrong;
}

/** Reads to an offset, in steps. */
function readTo(hash: TrackedHash, end: number, from: Buffer = bytes): void {
  while (hash.offset < end) hash.update(from.subarray(hash.offset, Math.min(end, hash.offset + mebibyte)));
  hash.mark();
}

test('a read that continues after another one hashes only what follows, and has the digest of the blob', async () => {
  const trail = new HashTrail(blob);
  readTo(await trail.start(0), 6 * mebibyte);

  const second = await trail.start(6 * mebibyte);
  const begins = second.offset;
  readTo(second, bytes.length);

  expect([begins, second.digest(), await second.agrees()]).toEqual([6 * mebibyte, blob.digest, true]);
});

test('a read that was right does not hide that the one before it brought other bytes, even if a third one ends', async () => {
  const trail = new HashTrail(blob);
  readTo(await trail.start(0), 8 * mebibyte, wrongAfter(7 * mebibyte));
  // It has to bring the last bytes again, which were wrong, and breaks off.
  readTo(await trail.start(6 * mebibyte), 9 * mebibyte);

  const last = await trail.start(9 * mebibyte);
  readTo(last, bytes.length);

  expect([last.digest(), await last.agrees()]).toEqual([blob.digest, false]);
});

test('an upload that got bytes before a read was found to be wrong is doubtful, and one that gets them later is not', async () => {
  const trail = new HashTrail(blob);
  const [before, after] = [{}, {}];
  trail.feeds(before);
  const wrong = await trail.start(0);
  readTo(wrong, bytes.length, wrongAfter(7 * mebibyte));

  trail.clear(wrong);
  trail.feeds(after);
  trail.feeds(before);

  expect([trail.isDoubtful(before), trail.isDoubtful(after)]).toEqual([true, false]);
});

test('a wrong read that goes on leaves nothing behind for later ones', async () => {
  const trail = new HashTrail(blob);
  const [first, other] = [await trail.start(0), await trail.start(0)];
  readTo(first, 4 * mebibyte, wrongAfter(mebibyte));
  readTo(other, 2 * mebibyte, wrongAfter(mebibyte));
  trail.clear(first);

  readTo(other, 8 * mebibyte, wrongAfter(mebibyte));
  const right = await trail.start(8 * mebibyte);
  readTo(right, bytes.length);

  expect([right.digest(), await right.agrees()]).toEqual([blob.digest, true]);
});
