import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { away } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { ScriptedUploads } from '../../../test/support/scripted-uploads.js';
import type { UploadTraits } from '../../../test/support/scripted-uploads.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyProgress, CopyReport } from '../src/copy-types.js';
import type { UploadHabits } from '../src/upload-records.js';

const mebibyte = 1024 * 1024;
const timing = { backoffMs: 5, longestPauseMs: 2_000, stallMs: 5_000, idleMs: 5_000, joinMs: 3_000 } as const;

interface Copied {
  readonly report: CopyReport;
  readonly uploads: ScriptedUploads;
  readonly continued: readonly number[];
  /** `start-end` of the parts of the layer, '' for all of it. */
  readonly parts: readonly string[];
  readonly habits: UploadHabits | undefined;
  readonly isThere: boolean;
}

/** Copies an image with one layer to a registry with these traits. */
async function copyLayer(size: number, traits: UploadTraits, known?: UploadHabits): Promise<Copied> {
  const [source, target] = await sourceAndTarget();
  const layer = randomBytes(size);
  const image = placeImage(source, repository, { layers: [layer] });
  const uploads = new ScriptedUploads(target, traits);
  const continued: number[] = [];
  let habits = known;
  const client = clientFor([source, target], {
    timing,
    uploadHabits: {
      load: async () => known,
      save: async (_, saved) => {
        habits = saved;
      },
    },
  });
  const report = await copyImage(client, requestFor(source, [target]), {
    onProgress: (progress: CopyProgress) => {
      if (progress.type === 'continued') continued.push(progress.offset);
    },
  });
  const data = target.requests.filter(
    ({ method, headers }) => ['PATCH', 'PUT'].includes(method) && Number(headers['content-length']) > 10_000,
  );
  return {
    report,
    uploads,
    continued,
    parts: data.map(({ headers }) => headers['content-range']?.toString() ?? ''),
    habits,
    isThere: target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer) === true,
  };
}

describe('an upload whose connection breaks', () => {
  test('an upload whose connection breaks continues after the last byte that arrived, and reads nothing again', async () => {
    const size = 10 * mebibyte;

    const { report, uploads, continued, isThere, habits } = await copyLayer(
      size,
      { breaks: { afterBytes: 3 * mebibyte } },
      { bytesBetweenBreaks: 24 * mebibyte, afterBreak: 'keeps-bytes' },
    );

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(continued).toEqual([3 * mebibyte, 6 * mebibyte, 9 * mebibyte]);
    expect(uploads.arrived).toBeLessThan(size + 1000);
    expect(report.bytesRead).toBe(size);
    expect(habits).toMatchObject({ afterBreak: 'keeps-bytes', takesChunks: true });
  });

  test('an upload whose connection breaks in an outage of the registry that answers 500 continues after it, and cancels the upload that it opened to see', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(8 * mebibyte);
    const image = placeImage(source, repository, { layers: [layer] });
    const uploads = new ScriptedUploads(target, { breaks: { afterBytes: 3 * mebibyte, times: 1 } });
    const continued: number[] = [];
    const report = await copyImage(clientFor([source, target], { timing }), requestFor(source, [target]), {
      onProgress(progress) {
        if (progress.type !== 'continued') return;
        continued.push(progress.offset);
        if (continued.length > 1) return;
        target.when('PATCH', /uploads/, away, 1);
        target.when('POST', /uploads/, away, 4);
      },
    });

    expect(report.failures).toEqual([]);
    expect(continued).toEqual([3 * mebibyte, 3 * mebibyte]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    expect(uploads.arrived).toBeLessThan(layer.length + 3 * mebibyte);
    await expect.poll(() => uploads.open).toBe(0);
  });

  test('an upload whose connection breaks is never given up while each attempt gets a megabyte further', async () => {
    const { report, isThere, uploads } = await copyLayer(12 * mebibyte, { breaks: { afterBytes: mebibyte } });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(uploads.breaks).toBe(12);
  });

  test('an upload whose connection breaks is given up after some attempts that get nowhere, and the error says how far it came', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(4 * mebibyte)] });
    new ScriptedUploads(target, { breaks: { afterBytes: 2 * mebibyte, times: 1 } });
    const client = clientFor([source, target], { timing });
    const pushed = copyImage(client, requestFor(source, [target]), {
      onProgress: ({ type }) => {
        if (type !== 'continued') return;
        // From the first continuation on, nothing gets through any more.
        target.when('PATCH', /uploads/, ({ request }) => void request.socket.destroy());
      },
    });

    const { failures } = await pushed;

    expect(failures[0]?.failure.message).toMatch(
      /the upload of sha256:\w+ does not get further than 2\.1 of 4\.2 MB, after \d breaks/,
    );
    expect(failures[0]?.failure).toMatchObject({ decision: 'retry', code: 'unreachable' });
  });

  test('an upload whose connection breaks does not delay the other target for long, and the source is read once for that one', async () => {
    const [source, breaking, healthy] = await sourceAndTwoTargets();
    const layer = randomBytes(8 * mebibyte);
    const image = placeImage(source, repository, { layers: [layer] });
    new ScriptedUploads(breaking, { breaks: { afterBytes: 3 * mebibyte } });
    const client = clientFor([source, breaking, healthy], { timing });
    client.host(breaking.host).uploadHabits.lineBroke(3 * mebibyte);

    const report = await copyImage(client, requestFor(source, [breaking, healthy]));

    expect(report.failures).toEqual([]);
    expect(report.bytesRead).toBe(layer.length);
    for (const target of [breaking, healthy]) {
      expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    }
  });

  test('an upload whose connection breaks starts again in chunks that get through if the registry forgets it', async () => {
    const size = 10 * mebibyte;

    const { report, isThere, habits, uploads } = await copyLayer(size, {
      keeps: 'nothing',
      breaks: { afterBytes: 6 * mebibyte },
    });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(uploads.breaks).toBe(1);
    expect(habits).toMatchObject({ afterBreak: 'forgets', takesChunks: true });
  });

  test('an upload whose connection breaks continues after the last finished chunk if the registry keeps only those', async () => {
    const { report, isThere, habits } = await copyLayer(10 * mebibyte, {
      keeps: 'chunks',
      breaks: { afterBytes: 6 * mebibyte },
    });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(habits).toMatchObject({ afterBreak: 'keeps-chunks' });
  });

  test('an upload is sent in chunks from the start where the line broke before', async () => {
    const { report, parts, uploads } = await copyLayer(
      10 * mebibyte,
      { keeps: 'chunks', breaks: { afterBytes: 6 * mebibyte } },
      { afterBreak: 'keeps-chunks', bytesBetweenBreaks: 6 * mebibyte },
    );

    expect(report.failures).toEqual([]);
    expect(uploads.breaks).toBe(0);
    expect(uploads.arrived).toBeLessThan(10 * mebibyte + 1000);
    expect(parts[0]).toBe(`0-${3 * mebibyte - 1}`);
  });

  test('an upload whose connection breaks ends with a reason where the registry takes a blob in one request only', async () => {
    const { report } = await copyLayer(10 * mebibyte, {
      refusesChunks: 416,
      breaks: { afterBytes: 6 * mebibyte },
      keeps: 'nothing',
    });

    expect(report.failures[0]?.failure).toMatchObject({ decision: 'retry', code: 'unreachable' });
    expect(report.failures[0]?.failure.message).toMatch(
      /this registry takes a blob in one request only: at most \d+\.\d of 10\.5 MB of sha256:\w+ were sent in the best of \d attempts/,
    );
    expect(report.failures[0]?.failure.message).not.toContain('scripted-');
  });
});

describe('registries that do not answer as specified', () => {
  test.each<[string, UploadTraits]>([
    ['the range of the chunk instead of the blob', { range: 'chunk', keeps: 'chunks' }],
    ['a range that does not advance, and 201 to PATCH', { range: 'stuck', patchStatus: 201, keeps: 'chunks' }],
    ['0-0 whatever it has', { range: 'zero', keeps: 'chunks' }],
    ['nothing about its uploads', { isSilent: true, keeps: 'chunks' }],
  ])('a registry that reports %s gets each chunk once', async (_, traits) => {
    const size = 12 * mebibyte;

    const { report, isThere, uploads } = await copyLayer(
      size,
      { ...traits, breaks: { afterBytes: 5 * mebibyte, times: 2 } },
      { afterBreak: 'keeps-chunks', bytesBetweenBreaks: 6 * mebibyte },
    );

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(uploads.arrived).toBeLessThan(size + 1000);
  });

  test('a registry that refuses a body over 20 MB gets chunks, and this is remembered', async () => {
    const { report, isThere, parts, habits } = await copyLayer(24 * mebibyte, { mostBodyBytes: 20_000_000 });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(parts).toEqual(['', `0-${12 * mebibyte - 1}`, `${12 * mebibyte}-${24 * mebibyte - 1}`]);
    expect(habits).toMatchObject({ mostBodyBytes: 12 * mebibyte, takesChunks: true });
  });

  test('the smallest chunk that a registry announces is obeyed', async () => {
    const { report, parts } = await copyLayer(
      12 * mebibyte,
      { leastChunkBytes: 5 * mebibyte, keeps: 'chunks' },
      { afterBreak: 'keeps-chunks', bytesBetweenBreaks: 4 * mebibyte },
    );

    expect(report.failures).toEqual([]);
    expect(parts).toEqual([
      `0-${5 * mebibyte - 1}`,
      `${5 * mebibyte}-${10 * mebibyte - 1}`,
      `${10 * mebibyte}-${12 * mebibyte - 1}`,
    ]);
  });
});

describe('a registry behind a server that takes whole requests before it hands them on', () => {
  const nginx = { keeps: 'chunks', server: 'nginx/1.26.3' } as const;
  const size = 40 * mebibyte;

  test('the first break costs at most a small part of a large blob, and nothing is read again', async () => {
    const { report, isThere, uploads, habits } = await copyLayer(size, {
      ...nginx,
      breaks: { afterBytes: 23 * mebibyte },
    });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(uploads.breaks).toBe(1);
    expect(uploads.arrived).toBeLessThan(size + 4 * mebibyte);
    expect(report.bytesRead).toBe(size);
    expect(habits).toMatchObject({ afterBreak: 'keeps-chunks', lineHolds: false });
    expect(habits?.bytesBetweenBreaks).toBeGreaterThan(20 * mebibyte);
  });

  test('after 32 MiB without a break one request carries the rest, and this is remembered', async () => {
    const { report, parts, habits } = await copyLayer(size, nginx);

    expect(report.failures).toEqual([]);
    expect(parts).toHaveLength(9);
    expect(parts.at(-1)).toBe(`${32 * mebibyte}-${size - 1}`);
    expect(habits).toMatchObject({ lineHolds: true });
  });

  test('one request carries a large blob where the line has held before', async () => {
    const { parts } = await copyLayer(size, nginx, { lineHolds: true });

    expect(parts).toEqual(['']);
  });

  test('one request carries a blob that is no larger than what shows that the line holds', async () => {
    const { parts, habits } = await copyLayer(32 * mebibyte, nginx);

    expect(parts).toEqual(['']);
    expect(habits).toMatchObject({ lineHolds: true });
  });

  test('a large blob begins in parts where earlier breaks showed that only whole requests are kept', async () => {
    const { parts } = await copyLayer(size, { keeps: 'chunks' }, { afterBreak: 'keeps-chunks' });

    expect(parts).toHaveLength(9);
  });

  test('a large blob begins again in one request where the registry takes no parts', async () => {
    const { report, isThere, parts } = await copyLayer(size, { ...nginx, refusesChunks: 416 });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(parts).toEqual([`0-${4 * mebibyte - 1}`, '']);
  });

  test('a large blob goes in one request after parts of one did not fit together', async () => {
    const { report, isThere, parts } = await copyLayer(size, { ...nginx, overwrites: true });

    expect(report.failures).toEqual([]);
    expect(isThere).toBe(true);
    expect(parts.at(-1)).toBe('');
  });
});
