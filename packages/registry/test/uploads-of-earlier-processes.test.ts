import { randomBytes } from 'node:crypto';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, away } from '../../../test/support/scripted-registry.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTwoTargets,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { ScriptedUploads } from '../../../test/support/scripted-uploads.js';
import { UploadMemory } from '../../../test/support/upload-memory.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';

const mebibyte = 1024 * 1024;
const timing = { backoffMs: 5, longestPauseMs: 2_000, stallMs: 10_000, idleMs: 10_000, joinMs: 3_000 } as const;
const layer = randomBytes(24 * mebibyte);

let source: ScriptedRegistry;
let one: ScriptedRegistry;
let other: ScriptedRegistry;
let uploads: readonly ScriptedUploads[];
let journal: UploadMemory;
let digest: string;

beforeEach(async () => {
  [source, one, other] = await sourceAndTwoTargets();
  digest = placeImage(source, repository, { layers: [layer] }).layers[0] ?? '';
  // Slow enough for a hash that another process can continue.
  uploads = [one, other].map((target) => new ScriptedUploads(target, { paceMs: 4 }));
  journal = new UploadMemory();
});

/** Copies until each target has got this number of bytes, as a process that is stopped then. */
async function copyUntil(bytes: number, targets: readonly ScriptedRegistry[]): Promise<void> {
  const stop = new AbortController();
  const sent = new Map<string, number>();
  await copyImage(clientFor([source, one, other], { timing, uploads: journal }), requestFor(source, targets), {
    signal: stop.signal,
    onProgress: (event) => {
      if (event.type !== 'sent') return;
      sent.set(event.target, (sent.get(event.target) ?? 0) + event.bytes);
      if (sent.size === targets.length && Math.min(...sent.values()) >= bytes) stop.abort(new Error('stopped'));
    },
  }).catch(() => {});
  await vi.waitUntil(() => uploads.every(({ reading }) => reading === 0), { timeout: 20_000 });
}

/** Bytes of the layer that a target has. */
function arrivedAt(target: ScriptedRegistry): number {
  return uploads[[one, other].indexOf(target)]?.longest ?? 0;
}

async function copyAgain(
  targets: readonly ScriptedRegistry[],
): Promise<{ readonly report: CopyReport; readonly continued: readonly number[] }> {
  const continued: number[] = [];
  const report = await copyImage(
    clientFor([source, one, other], { timing, uploads: journal }),
    requestFor(source, targets),
    {
      onProgress: (event) => {
        if (event.type === 'continued') continued.push(event.offset);
      },
    },
  );
  return { report, continued };
}

function isWhole(target: ScriptedRegistry): boolean {
  return target.blob(targetRepository, digest)?.equals(layer) === true;
}

test('a layer of 4 MB that arrives slowly is recorded while it is in flight, with the hash of what has arrived', async () => {
  placeImage(source, repository, { layers: [randomBytes(4 * mebibyte)] });
  const hosts = new Map([[source.host, { readBytesPerSecond: 4 * mebibyte }]]);
  const client = clientFor([source, one, other], { timing, uploads: journal, hosts });
  let furthest = 0;

  const report = await copyImage(client, requestFor(source, [one]), {
    onProgress() {
      const hashes = [...journal.records.values()].flatMap((record) => record.hashes);
      furthest = Math.max(furthest, ...hashes.map(({ offset }) => offset));
    },
  });

  expect(report.failures).toEqual([]);
  expect(furthest).toBeGreaterThan(mebibyte);
});

describe('an upload that an earlier process did not finish', () => {
  test('an upload that an earlier process did not finish continues where the registry has it, and the source is read from a saved state of the hash', async () => {
    await copyUntil(16 * mebibyte, [one]);
    const before = arrivedAt(one);

    const { report, continued } = await copyAgain([one]);

    expect(report.failures).toEqual([]);
    expect(isWhole(one)).toBe(true);
    expect(continued).toEqual([before]);
    expect(report.targets[0]?.continued).toMatchObject([{ offset: before, after: 'earlier-process' }]);
    expect(report.targets[0]?.bytesSent).toBeLessThanOrEqual(layer.length - before + 1000);
    expect(report.bytesRead).toBeLessThan(layer.length - before + 9 * mebibyte);
    expect(journal.records.size).toBe(0);
  });

  test('uploads of one blob that an earlier process did not finish continue on two targets at different bytes, each gets what it lacks, and the source is read once', async () => {
    await copyUntil(16 * mebibyte, [one]);
    await copyUntil(12 * mebibyte, [other]);
    const [first = 0, second = 0] = [one, other].map(arrivedAt);

    const { report, continued } = await copyAgain([one, other]);

    expect(report.failures).toEqual([]);
    expect([isWhole(one), isWhole(other)]).toEqual([true, true]);
    expect(continued.toSorted((a, b) => a - b)).toEqual([second, first].toSorted((a, b) => a - b));
    expect(uploads.map(({ arrived }) => arrived - layer.length < 1000)).toEqual([true, true]);
    expect(report.bytesRead).toBeLessThan(layer.length - Math.min(first, second) + 9 * mebibyte);
  });

  test('an upload that an earlier process did not finish costs one request if the registry has forgotten it', async () => {
    await copyUntil(8 * mebibyte, [one]);
    uploads[0]?.forgetAll();
    one.requests.length = 0;

    const { report } = await copyAgain([one]);

    expect(report.failures).toEqual([]);
    expect(isWhole(one)).toBe(true);
    expect(one.count('GET', /uploads/)).toBe(1);
  });

  test.each(['data', 'everything'] as const)(
    'an upload that an earlier process did not finish is replaced where the registry fails on %s of it',
    async (fails) => {
      await copyUntil(8 * mebibyte, [one]);
      uploads[0]?.damageAll(fails);

      const { report } = await copyAgain([one]);

      expect(report.failures).toEqual([]);
      expect(isWhole(one)).toBe(true);
      expect(journal.records.size).toBe(0);
      await expect.poll(() => uploads[0]?.open).toBe(fails === 'data' ? 0 : 1);
    },
  );

  test('an upload that an earlier process did not finish continues after an outage of the registry that answers 500 to all', async () => {
    await copyUntil(16 * mebibyte, [one]);
    const before = arrivedAt(one);
    // More than the attempts of one request; then another upload can be opened.
    one.when('GET', /uploads/, away, 5);
    one.when('POST', /uploads/, away, 2);

    const { report, continued } = await copyAgain([one]);

    expect(report.failures).toEqual([]);
    expect(isWhole(one)).toBe(true);
    expect(continued).toEqual([before]);
    // The one that was opened meanwhile is cancelled.
    await expect.poll(() => uploads[0]?.open).toBe(0);
  });

  test('an upload that an earlier process did not finish stays recorded while the registry answers 500 to all', async () => {
    await copyUntil(16 * mebibyte, [one]);
    one.when('GET', /uploads/, away);
    one.when('POST', /uploads/, away);

    const { report } = await copyAgain([one]);

    expect(report.failures).toHaveLength(1);
    expect(journal.records.size).toBe(1);
    expect(one.count('DELETE', /uploads/)).toBe(0);
  });

  test('an upload that an earlier process did not finish is cancelled if its blob is there', async () => {
    await copyUntil(8 * mebibyte, [one]);
    one.putBlob(targetRepository, layer);

    await copyAgain([one]);

    await expect.poll(() => uploads[0]?.open).toBe(0);
    expect(journal.records.size).toBe(0);
  });

  test.each([
    ['cancels uploads', 202],
    ['does not', 405],
  ])(
    'begins again once if the source now has other bytes than it sent before, at a registry that %s',
    async (_, status) => {
      if (status === 405) one.when('DELETE', /uploads/, ({ response }) => answer(response, status));
      const wrong = Buffer.from(layer);
      wrong[mebibyte] = (wrong[mebibyte] ?? 0) ^ 1;
      source.blobs.set(`${repository}@${digest}`, wrong);
      await copyUntil(16 * mebibyte, [one]);
      source.blobs.set(`${repository}@${digest}`, layer);

      const { report } = await copyAgain([one]);

      expect(report.failures).toEqual([]);
      expect(isWhole(one)).toBe(true);
      expect(journal.records.size).toBe(0);
    },
  );

  test('no error and no event names the location of an upload that an earlier process did not finish', async () => {
    await copyUntil(8 * mebibyte, [one]);
    one.when('GET', /uploads/, ({ request }) => void request.socket.destroy());
    const events: string[] = [];

    const report = await copyImage(
      clientFor([source, one, other], { timing, uploads: journal }),
      requestFor(source, [one]),
      { onProgress: (event) => events.push(JSON.stringify(event)) },
    );

    expect(report.failures).toHaveLength(1);
    expect(`${report.failures[0]?.failure.message} ${events.join()}`).not.toContain('scripted-');
    expect(journal.records.size).toBe(1);
  });
});
