import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { everyBlobIn } from '../../../test/support/remembered-blobs.js';
import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  impatient,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import type { RegistryError } from '../src/errors.js';

/** The code, decision and message of the only target that failed. */
function failureOf({ failures }: CopyReport): Pick<RegistryError, 'code' | 'decision' | 'message'> {
  const [first, ...others] = failures;
  if (first === undefined || others.length > 0) throw new Error(`expected one failure, got ${failures.length}`);
  const { code, decision, message } = first.failure;
  return { code, decision, message };
}

describe('a source that fails', () => {
  test('a blob with wrong bytes is never committed, and is read a second time', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const layer = randomBytes(300_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const wrong = Buffer.from(layer);
    wrong[1000] = (wrong[1000] ?? 0) ^ 1;
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when('GET', path, ({ response }) => answer(response, 200, {}, wrong));

    const copying = copyImage(clientFor([source, left, right]), requestFor(source, [left, right]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(copying).rejects.toThrow(image.layers[0]);
    expect(source.count('GET', path)).toBe(2);
    expect(
      [left, right].map((target) => target.count('PUT', new RegExp(`${image.layers[0]?.slice(7)}|manifests`))),
    ).toEqual([0, 0]);
  });

  test('a blob that is right at the second read is copied', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(300_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when('GET', path, ({ response }) => answer(response, 200, {}, randomBytes(300_000)), 1);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });

  test('a blob that was cut off is resumed from where it broke', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const layer = randomBytes(2_000_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when(
      'GET',
      path,
      ({ response }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 1_500_000), () => response.destroy());
      },
      1,
    );

    const report = await copyImage(clientFor([source, left, right], streaming), requestFor(source, [left, right]));

    const ranges = source.requests.filter(({ path: seen }) => path.test(seen)).map(({ headers }) => headers.range);
    expect(ranges[1]).toMatch(/^bytes=\d+-1999999$/);
    expect(report.failures).toEqual([]);
    expect(report.bytesRead).toBe(2_000_000);
    expect([left, right].map((target) => target.count('PATCH', /./))).toEqual([2, 2]);
  });

  test('a server that ignores the range is read again from the start, and the known bytes are skipped', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const path = new RegExp(`blobs/${image.layers[0]}`);
    source.when('GET', path, ({ response }) => answer(response, 200, {}, layer));
    source.when(
      'GET',
      path,
      ({ response }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 150_000), () => response.destroy());
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });

  test('a copy gives up a server that breaks off repeatedly', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) => {
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.write(layer.subarray(0, 1000), () => response.destroy());
    });

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'unreachable', decision: 'retry', side: 'source' });
  });

  test('a source that stops sending gets a request to resume', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when(
      'GET',
      new RegExp(`blobs/${image.layers[0]}`),
      ({ response }) => {
        response.writeHead(200, { 'content-length': String(layer.length) });
        response.write(layer.subarray(0, 100_000));
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test('a blob that is longer than its manifest says is refused', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) => {
      response.writeHead(200);
      response.end(randomBytes(5000));
    });

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt' });
  });

  test('a blob that its registry does not have is named in the error', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.blobs.delete(`${repository}@${image.layers[0]}`);

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(copying).rejects.toThrow(image.layers[0]);
  });
});

describe('a target that fails', () => {
  test('a target that dies during a copy is dropped, and the other gets everything', async () => {
    const [source, dying, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, { layers: [randomBytes(3_000_000)] });
    dying.when('PATCH', /uploads/, ({ request }) => {
      request.once('data', () => request.socket.destroy());
    });

    const report = await copyImage(
      clientFor([source, dying, healthy], streaming),
      requestFor(source, [dying, healthy]),
    );

    expect(failureOf(report)).toMatchObject({ code: 'unreachable', decision: 'retry' });
    expect(failureOf(report).message).toContain(dying.host);
    expect(report.targets.map(({ target }) => target)).toEqual(['target-2']);
    expect(healthy.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a target that breaks once catches up without action', async () => {
    const [source, shaky, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, { layers: [randomBytes(3_000_000)] });
    shaky.when('PATCH', /uploads/, ({ request }) => void request.once('data', () => request.socket.destroy()), 1);

    const report = await copyImage(
      clientFor([source, shaky, healthy], streaming),
      requestFor(source, [shaky, healthy]),
    );

    expect(report.failures).toEqual([]);
    expect(shaky.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a stalled target is dropped and named while the other finishes', async () => {
    const [source, stalling, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, { layers: [randomBytes(12_000_000)] });
    stalling.when('PATCH', /uploads/, ({ request }) => void request.pause());
    const finished: string[] = [];

    const report = await copyImage(
      clientFor([source, stalling, healthy], streaming),
      requestFor(source, [stalling, healthy]),
      {
        onProgress(event) {
          if (event.type === 'target-done' || event.type === 'target-failed') finished.push(event.target);
        },
      },
    );

    expect(failureOf(report)).toMatchObject({ code: 'stalled', decision: 'retry' });
    expect(finished).toEqual(['target-2', 'target-1']);
    expect(healthy.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  // On a busy machine the process itself delays both targets, and it takes long to detect the slow one.
  test(
    'a much slower target is dropped and catches up when the other has finished, and neither fails',
    { timeout: 60_000 },
    async () => {
      const [source, slow, healthy] = await sourceAndTwoTargets();
      const image = placeImage(source, repository, { layers: [randomBytes(40_000_000), randomBytes(30_000_000)] });
      let healthyIsDone = false;
      slow.when('PATCH', /uploads/, async ({ request, ordinary }) => {
        if (healthyIsDone || Number(request.headers['content-length']) < 1_000_000) return ordinary();
        // Ends when the client drops it, or with the slowness. The registry discards what this upload has sent.
        for await (const _ of request) {
          if (healthyIsDone) request.socket.resetAndDestroy();
          else await sleep(30);
        }
        return undefined;
      });
      const finished: string[] = [];

      const report = await copyImage(
        clientFor([source, slow, healthy], { ...streaming, timing: { ...impatient, stallMs: 20_000 } }),
        requestFor(source, [slow, healthy]),
        {
          onProgress(event) {
            if (event.type !== 'target-done') return;
            finished.push(event.target);
            healthyIsDone = true;
          },
        },
      );

      expect(report.failures).toEqual([]);
      expect(finished).toEqual(['target-2', 'target-1']);
      expect(slow.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
      expect(report.bytesRead).toBeGreaterThan(70_000_000);
    },
  );

  test('a target that is slow to answer HEAD of a blob does not delay the other', async () => {
    const [source, slow, healthy] = await sourceAndTwoTargets();
    placeImage(source, repository, { layers: [randomBytes(100_000)] });
    const held: (() => void)[] = [];
    slow.when('HEAD', /blobs/, ({ ordinary }) => void held.push(() => void ordinary()), 2);

    const report = await copyImage(clientFor([source, slow, healthy]), requestFor(source, [slow, healthy]), {
      onProgress(event) {
        if (event.type === 'target-done' && event.target === 'target-2') for (const go of held) go();
      },
    });

    expect(report.failures).toEqual([]);
  });

  test('an unreachable target fails without the other target', async () => {
    const [source, gone, healthy] = await sourceAndTwoTargets();
    placeImage(source, repository);
    const request = requestFor(source, [gone, healthy]);
    await gone.stop();

    const report = await copyImage(clientFor([source, gone, healthy]), request);

    expect(failureOf(report)).toMatchObject({ code: 'unreachable', decision: 'retry' });
    expect(failureOf(report).message).toMatch(/refused/);
    expect(report.targets).toHaveLength(1);
  });

  test.each([
    ['a full disk', 500, 'UNKNOWN', 'write /var/lib: no space left on device', 'target-full', 'block'],
    ['a quota', 403, 'DENIED', 'project quota exceeded', 'quota', 'block'],
    ['a missing right', 403, 'DENIED', 'requested access to the resource is denied', 'denied', 'block'],
    ['a missing namespace', 404, 'NAME_UNKNOWN', 'repository name not known', 'repository-missing', 'block'],
    ['a proxy that takes no large body', 413, 'UNKNOWN', 'entity too large', 'blob-too-large', 'block'],
  ])("the refusal %s is reported in the registry's words", async (_, status, code, message, expected, decision) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('POST', /uploads/, ({ response }) => answerError(response, status, code, message));

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(failureOf(report)).toMatchObject({ code: expected, decision });
    expect(failureOf(report).message).toContain(message);
    expect(source.count('GET', new RegExp(`blobs/`))).toBeLessThanOrEqual(1);
  });

  test('a disk that becomes full during a blob is reported, and the other target gets everything', async () => {
    const [source, full, healthy] = await sourceAndTwoTargets();
    placeImage(source, repository, { layers: [randomBytes(5_000_000)] });
    full.when('PATCH', /uploads/, async ({ request, response }) => {
      await readAll(request);
      answerError(response, 500, 'UNKNOWN', 'write: no space left on device');
    });

    const report = await copyImage(clientFor([source, full, healthy], streaming), requestFor(source, [full, healthy]));

    expect(failureOf(report)).toMatchObject({ code: 'target-full', decision: 'block' });
    expect(report.targets.map(({ target }) => target)).toEqual(['target-2']);
  });

  test('the report of a refused kind of manifest names the policy that helps', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('PUT', /manifests/, ({ request, response }) => {
      request.resume();
      answerError(response, 403, 'DENIED', 'unknown manifest class for application/vnd.oci.empty.v1+json');
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(failureOf(report)).toMatchObject({ code: 'manifest-refused', decision: 'block' });
    expect(failureOf(report).message).toContain('"drop"');
  });

  test('a copy to an immutable tag is reported as such', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('PUT', /manifests\/v1/, ({ request, response }) => {
      request.resume();
      answerError(response, 412, 'PRECONDITION', 'Failed to process request due to: configured as immutable');
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(failureOf(report)).toMatchObject({ code: 'tag-immutable', decision: 'block' });
  });

  test('a forced copy does not set an immutable tag again that points to the right digest', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(1_000)] });
    const request = requestFor(source, [target]);
    await copyImage(clientFor([source, target]), request);
    target.when('PUT', /manifests\/v1$/, ({ response }) => {
      answerError(response, 412, 'PRECONDITION', 'Failed to process request due to: configured as immutable');
    });

    const report = await copyImage(clientFor([source, target]), { ...request, force: true });

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });
});

describe('other ways to upload a blob', () => {
  test('a registry without PATCH gets a blob in one PUT', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(3_000_000);
    const image = placeImage(source, repository, { layers: [layer] });
    target.when('PATCH', /uploads/, ({ request, response }) => {
      request.resume();
      answer(response, 405);
    });

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });

  test('an upload in one PUT holds the last bytes back until the whole blob is verified', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 200, {}, randomBytes(200_000)),
    );
    const whole: number[] = [];
    target.when('PUT', /uploads/, async ({ request, response }) => {
      const bytes = await readAll(request).catch(() => Buffer.alloc(0));
      whole.push(bytes.length);
      answer(response, 201);
    });
    const client = clientFor([source, target]);
    client.host(target.host).monolithicUploads = true;

    await expect(copyImage(client, requestFor(source, [target]))).rejects.toMatchObject({ code: 'source-corrupt' });

    expect(whole.filter((bytes) => bytes === layer.length)).toEqual([]);
  });

  test('bytes that a PUT holds back while the source pauses do not make the target count as stalled', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(200_000);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), async ({ response }) => {
      response.writeHead(200, { 'content-length': String(layer.length) });
      response.write(layer.subarray(0, 100_000));
      await sleep(3 * impatient.stallMs);
      response.end(layer.subarray(100_000));
    });
    const client = clientFor([source, target], { timing: { ...impatient, idleMs: 20_000 } });
    client.host(target.host).monolithicUploads = true;

    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(source.count('GET', /blobs/)).toBe(2);
  });

  test('a commit whose answer was lost is confirmed by HEAD of the blob', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(100_000)] });
    target.when(
      'PUT',
      new RegExp(`uploads.*${image.layers[0]?.slice(7)}`),
      async ({ request, ordinary, response }) => {
        response.end = (() => {
          request.socket.destroy();
          return response;
        }) as typeof response.end;
        response.writeHead = () => response;
        await ordinary();
      },
      1,
    );

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.count('PATCH', /uploads/)).toBe(2);
  });

  test('a proxy that times out on a slow commit does not cause a second upload', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(100_000)] });
    target.when(
      'PUT',
      new RegExp(`uploads.*${image.layers[0]?.slice(7)}`),
      async ({ request, response }) => {
        await readAll(request);
        target.blobs.set(
          `${targetRepository}@${image.layers[0]}`,
          source.blob(repository, image.layers[0] ?? '') ?? Buffer.alloc(0),
        );
        answer(response, 504);
      },
      1,
    );

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.count('PATCH', /uploads/)).toBe(2);
  });

  test('an upload whose session is gone starts again', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when(
      'PATCH',
      /uploads/,
      async ({ request, response }) => {
        await readAll(request);
        answerError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
      },
      2,
    );

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test('a mount that was confirmed but not made is detected and repaired', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('POST', /mount=/, ({ response }) => answer(response, 201));

    const report = await copyImage(
      clientFor([source, target], { blobLocations: everyBlobIn('other/base') }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')).toBeDefined();
  });

  test('a copy fails if its tag shows another digest afterwards', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const other = placeImage(source, repository, { tag: 'other' });
    target.when('GET', /manifests\/v1/, ({ response }) =>
      answer(response, 200, { 'content-type': other.mediaType }, other.bytes),
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(failureOf(report)).toMatchObject({ code: 'target-corrupt' });
  });
});

describe('a server that is not a registry', () => {
  const page = Buffer.from('<!doctype html><title>Please log in</title>');
  const html = { 'content-type': 'text/html; charset=utf-8' };

  test('a web page in place of a manifest is retried later, and its address is reported', async () => {
    const [source, target] = await sourceAndTarget();
    for (const method of ['HEAD', 'GET']) {
      source.when(method, /manifests/, ({ response }) => answer(response, 200, html, page));
    }

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'retry' });
    await expect(copying).rejects.toThrow(`${source.url}/v2/${repository}/manifests/v1`);
  });

  test('plain text in place of a manifest is retried later, too', async () => {
    const [source, target] = await sourceAndTarget();
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 405));
    source.when('GET', /manifests/, ({ response }) => answer(response, 200, {}, Buffer.from('out of order')));

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'retry' });
  });

  test('a web page in place of a blob does not mark the image as broken', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) => answer(response, 200, html, page), 2);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });
});

describe('pauses that a registry requests', () => {
  test('a Retry-After of zero does not cause retries without a pause', async () => {
    const [source, target] = await sourceAndTarget();
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 429, { 'retry-after': '0' }));

    const copying = copyImage(
      clientFor([source, target], { timing: { ...impatient, longestPauseMs: 500 } }),
      requestFor(source, [target]),
    );

    await expect(copying).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 1_000 });
    expect(source.count('HEAD', /manifests/)).toBe(1);
  });

  test('a copy waits for a short Retry-After', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 429, { 'retry-after': '1' }), 1);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test.each([
    [429, 'rate-limited', 'wait'],
    [503, 'server-error', 'wait'],
  ])(
    'a long Retry-After ends the copy after one request, and the error says how long it is: %d',
    async (status, code, decision) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      source.when('HEAD', /manifests/, ({ response }) => answer(response, status, { 'retry-after': '3600' }));

      const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

      await expect(copying).rejects.toMatchObject({ code, decision, retryAfterMs: 3_600_000 });
      expect(source.count('HEAD', /manifests/)).toBe(1);
    },
  );

  test('a temporary server error does not fail the copy', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    for (const server of [source, target]) {
      for (const method of ['HEAD', 'GET', 'POST'])
        server.when(method, /./, ({ response }) => answer(response, 503), 1);
    }

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });
});

describe('an interrupted copy', () => {
  test('an interrupted copy ends with the given reason, and the next one resumes with what had arrived', async () => {
    const [source, target] = await sourceAndTarget();
    const large = placeImage(source, repository, { tag: 'large', layers: [randomBytes(3_000_000)] });
    const small = placeImage(source, repository, { tag: 'small', architecture: 'arm64', layers: [randomBytes(10)] });
    placeIndex(source, repository, [large, small]);
    const interruption = new AbortController();
    const reason = new Error('enough');

    const first = copyImage(clientFor([source, target]), requestFor(source, [target]), {
      signal: interruption.signal,
      concurrentBlobs: 1,
      onProgress(event) {
        if (event.type === 'blob' && event.digest === large.layers[0]) interruption.abort(reason);
      },
    });
    await expect(first).rejects.toBe(reason);
    const second = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(second.failures).toEqual([]);
    expect(source.count('GET', new RegExp(`blobs/${large.layers[0]}`))).toBe(1);
  });
});
