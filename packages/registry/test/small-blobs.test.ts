import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, readAll, sha256 } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  impatient,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const layer = randomBytes(20_000);
const path = new RegExp(`blobs/${sha256(layer)}`);
const put = new RegExp(`uploads.*${sha256(layer).slice('sha256:'.length)}`);

describe('a blob of up to 64 KB', () => {
  test('a small blob is read once for all targets, and sent to each by one PUT', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    placeImage(source, repository, { layers: [layer] });

    const report = await copyImage(clientFor([source, left, right]), requestFor(source, [left, right]));

    expect(report.failures).toEqual([]);
    expect(source.count('GET', path)).toBe(1);
    for (const target of [left, right]) {
      expect(target.blob(targetRepository, sha256(layer))?.equals(layer)).toBe(true);
      expect([target.count('PATCH', /./), target.count('PUT', put)]).toEqual([0, 1]);
    }
    expect(report.bytesRead).toBe(layer.length);
    expect(report.targets.map(({ bytesSent }) => bytesSent > layer.length)).toEqual([true, true]);
  });

  test('an empty blob takes no longer to copy than others', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [Buffer.alloc(0)] });

    const patient = { ...impatient, idleMs: 60_000 };
    const report = await copyImage(clientFor([source, target], { timing: patient }), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a small blob that the target has is not read', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    target.putBlob(targetRepository, layer);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ uploadedBlobs: 1, skippedBlobs: 1 });
    expect([source.count('GET', path), target.count('HEAD', path)]).toEqual([0, 1]);
  });

  test('wrong bytes of a small blob are read a second time, and never sent', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    source.when('GET', path, ({ response }) => answer(response, 200, {}, randomBytes(layer.length)));

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ side: 'source', code: 'source-corrupt' });
    expect([source.count('GET', path), target.count('PUT', put)]).toEqual([2, 0]);
    expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
  });

  test('a small blob that was cut off is resumed from where it broke', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    source.when(
      'GET',
      path,
      ({ response }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 15_000), () => response.destroy());
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(source.requests.at(-1)?.headers.range).toBe('bytes=15000-19999');
    expect(target.blob(targetRepository, sha256(layer))?.equals(layer)).toBe(true);
  });

  test('a refusal of the whole PUT is reported in the words of the proxy that refused', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    target.when('PUT', put, async ({ request, response }) => {
      await readAll(request);
      answer(
        response,
        413,
        { 'content-type': 'text/html' },
        Buffer.from('<title>413 Request Entity Too Large</title>'),
      );
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'blob-too-large', decision: 'block' });
    expect(report.failures[0]?.failure.message).toContain('413 Request Entity Too Large');
  });

  test.each([[429], [503]])(
    'a pause that the target demands is waited for, and the source is not read again: %d',
    async (status) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository, { layers: [layer] });
      target.when(
        'PUT',
        put,
        async ({ request, response }) => {
          await readAll(request);
          answer(response, status, { 'retry-after': '1' });
        },
        1,
      );

      const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

      expect(report.failures).toEqual([]);
      expect([source.count('GET', path), target.count('PUT', put)]).toEqual([1, 2]);
    },
  );

  test('a commit whose answer was lost is confirmed by HEAD, and the blob is not sent again', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    target.when('PUT', put, async ({ request }) => {
      target.putBlob(targetRepository, await readAll(request));
      request.socket.destroy();
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.count('PUT', put)).toBe(1);
  });

  test('a target that says it has stored the blob, and does not show it, gets no tag', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    target.when('PUT', /uploads/, async ({ request, response, path: seen }) => {
      await readAll(request);
      const digest = new URL(seen, target.url).searchParams.get('digest') ?? '';
      answer(response, 201, { 'docker-content-digest': digest });
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure.message).toContain('but the blob is not there');
    expect(target.count('PUT', /manifests/)).toBe(0);
  });

  test('a small blob whose PUT is redirected after its data is sent again, to where the redirect says', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [layer] });
    target.when('PUT', put, async ({ request, response, path: seen, ordinary }) => {
      if (seen.includes('moved=1')) return ordinary();
      await readAll(request);
      return answer(response, 307, { location: `${seen}&moved=1` });
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, sha256(layer))?.equals(layer)).toBe(true);
  });
});
