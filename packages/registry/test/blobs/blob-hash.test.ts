import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { restoreBlobHash, startBlobHash } from '../../src/blobs/blob-hash.js';
import type { BlobHash } from '../../src/blobs/blob-hash.js';
import { encodeHashState } from '../../src/blobs/hash-state.js';
import { HashedRate } from '../../src/blobs/hashed-rate.js';
import { PortableHash } from '../../src/blobs/portable-hash.js';
import type { Digest } from '../../src/digest.js';
import type { SavedHash } from '../../src/upload-records.js';

const mebibyte = 1024 * 1024;
const size = 24 * mebibyte;
const chunk = Buffer.alloc(mebibyte / 4, 'layer');
const blob = Buffer.concat(Array.from({ length: size / chunk.length }, () => chunk));
const digest = digestOf(blob);

const algorithm = fc.constantFrom('sha256' as const, 'sha512' as const);
const step = fc.record({ bytes: fc.nat(700), next: fc.constantFrom('go on', 'resume', 'restore') });

function digestOf(bytes: Uint8Array, name: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${name}:${createHash(name).update(bytes).digest('hex')}`;
}

/** The rate of a line on which each chunk takes this long; the process waits for this part of the time. */
function rateOf(msPerChunk: number, idleShare = 0.8): HashedRate {
  let now = 0;
  return new HashedRate({ now: () => (now += msPerChunk), idleMs: () => now * idleShare });
}

/** Feeds chunks of the blob until the hash can be saved, or until all of them have been hashed. */
async function savedOf(hash: BlobHash): Promise<SavedHash | undefined> {
  while (hash.offset < size) {
    hash.update(chunk);
    // WebAssembly is loaded meanwhile, as it is between two chunks of a connection.
    await setImmediate();
    const saved = hash.checkpoint().save();
    if (saved !== undefined) return saved;
  }
  return undefined;
}

async function restored(of: Digest, saved: SavedHash | undefined): Promise<BlobHash> {
  const hash = saved === undefined ? undefined : await restoreBlobHash(of, saved);
  if (hash === undefined) throw new Error('the hash cannot be continued');
  return hash;
}

test('a hash that is split, resumed and restored anywhere has the digest of the whole', async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 4000 }),
    algorithm,
    fc.array(step, { maxLength: 12 }),
    async (array, name, steps) => {
      const bytes = Buffer.from(array);
      const of = digestOf(bytes, name);
      let hash: BlobHash = await PortableHash.start(of);
      for (const { bytes: count, next } of steps) {
        hash.update(bytes.subarray(hash.offset, hash.offset + count));
        const checkpoint = hash.checkpoint();
        if (next === 'go on') continue;
        // What the first hash does after the checkpoint does not change the second.
        hash.update(Buffer.from('something else'));
        hash = next === 'resume' ? await checkpoint.resume() : await restored(of, checkpoint.save());
      }
      hash.update(bytes.subarray(hash.offset));

      expect(hash.digest()).toBe(of);
    },
  );

  await fc.assert(property, { numRuns: 100 });
});

test('the hash of a blob that arrives slowly can be saved after its first bytes, and has the right digest', async () => {
  const hash = startBlobHash(digest, { size, portable: 'when-slow', rate: rateOf(100) });

  const saved = await savedOf(hash);
  const second = await restored(digest, saved);
  hash.update(blob.subarray(hash.offset));
  second.update(blob.subarray(second.offset));

  expect(saved?.offset).toBeLessThan(size / 2);
  expect([hash.digest(), second.digest()]).toEqual([digest, digest]);
});

test.each([
  ['arrives at 250 MB/s', { size, portable: 'when-slow', rate: rateOf(1) }],
  ['is smaller than 1 MiB', { size: mebibyte - 1, portable: 'when-slow', rate: rateOf(100) }],
  ['no process would continue', { size, portable: 'never', rate: rateOf(100) }],
] as const)('the hash of a blob that %s is a native one', async (_, options) => {
  const hash = startBlobHash(digest, options);

  const saved = await savedOf(hash);

  expect(saved).toBeUndefined();
  expect(hash.digest()).toBe(digest);
});

test('the hash of a blob on a line of 60 MB/s can be saved although what buffers held came at once', async () => {
  // The first 8 MB, and 6 MB that gathered while the process was busy for 100 ms.
  const msBefore = (chunks: number): number => {
    if (chunks === 40) return 100;
    return chunks <= 32 || (chunks > 40 && chunks < 64) ? 0 : 4.4;
  };
  let [now, chunks] = [0, 0];
  const rate = new HashedRate({ now: () => (now += msBefore((chunks += 1))), idleMs: () => 3 * chunks });

  expect(await savedOf(startBlobHash(digest, { size, portable: 'when-slow', rate }))).toBeDefined();
});

test.each([
  // Each chunk has 0.26 MB.
  ['60 MB/s', 4.4, false],
  ['20 MB/s', 13, true],
])('the hash on a busy machine, which waits for nothing and takes %s', async (_, msPerChunk, isPortable) => {
  const large = { size: 4 * size, portable: 'when-slow', rate: rateOf(msPerChunk, 0.05) } as const;
  const hash = startBlobHash(digest, large);
  let isSaved = false;
  while (hash.offset < 32_000_000) {
    hash.update(chunk);
    await setImmediate();
    isSaved ||= hash.checkpoint().save() !== undefined;
  }

  expect(isSaved).toBe(isPortable);
});

test('a blob that begins while others arrive fast is hashed natively, without a measurement of its own', async () => {
  let now = 0;
  const rate = new HashedRate({ now: () => now, idleMs: () => now });
  for (; now < 600; now += 1) rate.took(chunk.length);
  const hash = startBlobHash(digest, { size, portable: 'when-slow', rate });
  now += 10_000;

  expect(await savedOf(hash)).toBeUndefined();
  expect(await savedOf(startBlobHash(digest, { size, portable: 'when-slow', rate: rateOf(100) }))).toBeDefined();
});

test('a blob that begins while the machine is busy is hashed natively only if that has lasted', async () => {
  let now = 0;
  const rate = new HashedRate({ now: () => now, idleMs: () => 0 });
  const takeFor = (ms: number): void => {
    for (const end = now + ms; now < end; now += 5) rate.took(chunk.length);
  };

  takeFor(600);
  expect(rate.isFast).toBe(false);
  takeFor(600);
  expect(rate.isFast).toBe(true);
});

test('a checkpoint before the first byte continues as a hash that can be saved', async () => {
  const { offset, resume } = startBlobHash(digest, { size, portable: 'when-slow', rate: rateOf(100) }).checkpoint();

  expect(offset).toBe(0);
  expect(await savedOf(await resume())).toBeDefined();
});

test('a native hash continues from its checkpoints', async () => {
  const hash = startBlobHash(digest);
  hash.update(blob.subarray(0, 1000));

  const resumed = await hash.checkpoint().resume();
  hash.update(blob.subarray(0, 1000));
  resumed.update(blob.subarray(resumed.offset));

  expect(resumed.digest()).toBe(digest);
});

test('a state that was changed in any byte is not continued', async () => {
  const hash = await PortableHash.start(digest);
  hash.update(blob.subarray(0, 1000));
  const saved = hash.checkpoint().save() ?? { offset: 0, state: '' };
  const bytes = Buffer.from(saved.state, 'base64');

  const property = fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ change, at);

    expect(await restoreBlobHash(digest, { ...saved, state: changed.toString('base64') })).toBeUndefined();
  });

  await fc.assert(property, { numRuns: 200 });
  expect(await restoreBlobHash(digest, saved)).toBeDefined();
});

test('a state of another blob, another offset or another program is not continued', async () => {
  const hash = await PortableHash.start(digest);
  hash.update(blob.subarray(0, 1000));
  const saved = hash.checkpoint().save() ?? { offset: 0, state: '' };
  const other = digestOf(Buffer.from('other'));

  expect(await restoreBlobHash(other, saved)).toBeUndefined();
  expect(await restoreBlobHash(digest, { ...saved, offset: 999 })).toBeUndefined();
  const foreign = { offset: 1000, state: Buffer.alloc(Buffer.from(saved.state, 'base64').length - 10) };
  expect(await restoreBlobHash(digest, { offset: 1000, state: encodeHashState(digest, foreign) })).toBeUndefined();
  expect(await restoreBlobHash(digest, { ...saved, state: '' })).toBeUndefined();
  expect(await restoreBlobHash(digest, { ...saved, state: 'no base64 at all' })).toBeUndefined();
});
