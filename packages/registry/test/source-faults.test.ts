import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

/** Announces a whole blob and breaks off after its first part. */
function cutAfter(layer: Buffer, bytes: number): (exchange: Exchange) => void {
  return ({ response }) => {
    response.writeHead(200, { 'content-length': String(layer.length) });
    response.write(layer.subarray(0, bytes), () => response.destroy());
  };
}

describe('a read that resumes after a break', () => {
  test('a range other than the requested one is not used, and the blob is read again from its start', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when(
      'GET',
      path,
      ({ response }) => answer(response, 206, { 'content-range': 'bytes 0-99/200000' }, layer.subarray(0, 100)),
      1,
    );
    source.when('GET', path, cutAfter(layer, 150_000), 1);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    expect(source.requests.filter((seen) => path.test(seen.path)).map(({ headers }) => headers.range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=\d+-199999$/),
      undefined,
    ]);
  });

  test('a server that never sends the requested range is reported as such, and the image is not called broken', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), (exchange) => {
      if (exchange.request.headers.range === undefined) cutAfter(layer, 150_000)(exchange);
      else answer(exchange.response, 206, { 'content-range': 'bytes 7-99/200000' }, layer.subarray(7, 100));
    });

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'retry', side: 'source' });
    await expect(copying).rejects.toThrow('bytes 7-99/200000');
    expect(target.count('PUT', /manifests/)).toBe(0);
  });

  test('a range whose total size the server does not know is accepted', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when(
      'GET',
      path,
      ({ request, response }) => {
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
        answer(response, 206, { 'content-range': `bytes ${start}-199999/*` }, layer.subarray(start));
      },
      1,
    );
    source.when('GET', path, cutAfter(layer, 150_000), 1);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report).toMatchObject({ failures: [], bytesRead: 200_000 });
    expect(source.count('GET', path)).toBe(2);
  });

  test('a resumed read whose signed URL has expired gets another URL from the registry, and continues where it was', async () => {
    const [source, storage, target] = await sourceAndTwoTargets();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    let signature = 0;
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/layer?signature=${++signature}` }),
    );
    storage.when('GET', /signature=1/, cutAfter(layer, 150_000), 1);
    storage.when('GET', /signature=2/, ({ response }) =>
      answer(response, 403, {}, Buffer.from('<Code>Expired</Code>')),
    );
    storage.when('GET', /signature=3/, ({ request, response }) => {
      const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      answer(response, 206, { 'content-range': `bytes ${start}-199999/200000` }, layer.subarray(start));
    });

    const report = await copyImage(clientFor([source, storage, target]), requestFor(source, [target]));

    expect(report).toMatchObject({ failures: [], bytesRead: 200_000 });
    expect(signature).toBe(3);
  });
});

test('a source that sends too slowly is cut off and retried, and the bytes that arrived are kept', async () => {
  const [source, target] = await sourceAndTarget();
  const layer = randomBytes(200_000);
  const image = placeImage(source, repository, { layers: [layer] });
  const path = new RegExp(`blobs/${image.layers[0]}`);
  source.when(
    'GET',
    path,
    ({ response }) => {
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.write(layer.subarray(0, 150_000));
      let next = 150_000;
      const drip = setInterval(() => response.write(layer.subarray(next, ++next)), 20);
      response.once('close', () => clearInterval(drip));
    },
    1,
  );

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report).toMatchObject({ failures: [], bytesRead: 200_000 });
  expect(source.count('GET', path)).toBe(2);
});

describe('bytes that a server encodes without a request for it', () => {
  const layer = Buffer.alloc(50_000, 'layer');
  const gzip = { 'content-encoding': 'gzip' };

  test.each([['with their length'], ['without it']])(
    'a Content-Encoding of a blob is named as the cause: %s',
    async (how) => {
      const [source, target] = await sourceAndTarget();
      const image = placeImage(source, repository, { layers: [layer] });
      source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) => {
        if (how === 'with their length') return answer(response, 200, gzip, gzipSync(layer));
        response.writeHead(200, gzip).write(gzipSync(layer));
        response.end();
      });

      const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

      await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
      await expect(copying).rejects.toThrow('Content-Encoding gzip, though none was accepted');
      expect(target.count('PUT', /manifests/)).toBe(0);
    },
  );

  test('a Content-Encoding of a manifest is named as the cause', async () => {
    const [source, target] = await sourceAndTarget();
    const { bytes, mediaType, digest } = placeImage(source, repository);
    const headers = { ...gzip, 'content-type': mediaType, 'docker-content-digest': digest };
    source.when('GET', /manifests/, ({ response }) => answer(response, 200, headers, gzipSync(bytes)));

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt' });
    await expect(copying).rejects.toThrow('Content-Encoding gzip, though none was accepted');
  });

  test('a wrong Content-Encoding label is ignored if the bytes are right', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when('GET', path, ({ response }) => answer(response, 200, { 'content-encoding': 'x-gzip' }, layer));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report).toMatchObject({ failures: [], bytesRead: layer.length });
  });
});

test('a manifest that arrives too slowly is cut off and requested again', async () => {
  const [source, target] = await sourceAndTarget();
  const { bytes, mediaType } = placeImage(source, repository);
  source.when(
    'GET',
    /manifests/,
    ({ response }) => {
      response.writeHead(200, { 'content-type': mediaType, 'content-length': String(bytes.length) });
      let next = 0;
      const drip = setInterval(() => response.write(bytes.subarray(next, ++next)), 50);
      response.once('close', () => clearInterval(drip));
    },
    1,
  );

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(source.count('GET', /manifests/)).toBe(2);
});

describe('an image that changes at its source during the copy', () => {
  test('a tag that moves during a copy is copied as it was when it was resolved', async () => {
    const [source, target] = await sourceAndTarget();
    const before = placeImage(source, repository, { layers: [randomBytes(1000)] });
    source.when(
      'HEAD',
      /manifests\/v1/,
      async ({ ordinary }) => {
        await ordinary();
        placeImage(source, repository, { layers: [randomBytes(1000)] });
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report).toMatchObject({ sourceDigest: before.digest, failures: [] });
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(before.bytes);
    expect(source.count('GET', /manifests\/v1/)).toBe(0);
  });

  test('a tag that is removed during a copy is waited for like an unpublished one', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('HEAD', /manifests\/v1/, async ({ ordinary }) => {
      await ordinary();
      for (const reference of ['v1', image.digest]) source.manifests.delete(`${repository}@${reference}`);
    });

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'tag-missing', decision: 'wait' });
    expect(target.count('PUT', /manifests/)).toBe(0);
  });

  test('a layer that is deleted during a copy stops the image before its tag, and is named', async () => {
    const [source, target] = await sourceAndTarget();
    const first = placeImage(source, repository, { tag: 'a' });
    const second = placeImage(source, repository, { tag: 'b', architecture: 'arm64', layers: [randomBytes(10_000)] });
    placeIndex(source, repository, [first, second]);
    source.when('GET', new RegExp(`blobs/${second.layers[0]}`), ({ response }) => {
      source.blobs.delete(`${repository}@${second.layers[0]}`);
      answer(response, 404);
    });

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(copying).rejects.toThrow(second.layers[0]);
    expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
  });
});
