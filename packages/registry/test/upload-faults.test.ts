import { randomBytes } from 'node:crypto';

import { describe, expect, test, vi } from 'vitest';

import { everyBlobIn } from '../../../test/support/remembered-blobs.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll, sha256 } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
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

/** Answers without reading the body and closes the connection, as a proxy with a limit does. */
function refuseUnread(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  return ({ request, response }: Exchange): void => {
    response.once('finish', () => request.socket.end());
    answer(response, status, { connection: 'close', ...headers }, Buffer.from(body));
  };
}

test('the head of an upload is sent before its source has answered, because an idle connection would be closed', async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository);
  const heads: number[] = [];
  source.when('GET', new RegExp(`blobs/${image.layers[0]}`), async ({ ordinary }) => {
    // The config, which was read before, is sent at the same time.
    await vi.waitUntil(() => target.count('PATCH', /uploads/) === 2, { timeout: 10_000 }).catch(() => {});
    heads.push(target.count('PATCH', /uploads/));
    await ordinary();
  });

  const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(heads).toEqual([2]);
});

describe('a pause that a target requests in the middle of a blob', () => {
  const asksFor =
    (status: number, seconds: string) =>
    async ({ request, response }: Exchange) => {
      await readAll(request);
      answer(response, status, { 'retry-after': seconds });
    };

  test.each([[429], [503]])('a short pause in the middle of an upload is waited for: %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('PATCH', /uploads/, asksFor(status, '1'), 1);

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test.each([
    [429, 'rate-limited', 'wait'],
    [503, 'server-error', 'wait'],
  ])(
    'the report shows how long a long pause in the middle of an upload is, and nothing is sent again before: %d',
    async (status, code, decision) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository, { layers: [] });
      target.when('PATCH', /uploads/, asksFor(status, '3600'));

      const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

      expect(report.failures[0]?.failure).toMatchObject({ code, decision, retryAfterMs: 3_600_000 });
      expect(target.count('PATCH', /uploads/)).toBe(1);
    },
  );
});

describe('an answer that arrives before the data is sent', () => {
  const page = '<html><head><title>413 Request Entity Too Large</title></head></html>';

  test('an early refusal of an upload is the reported reason, not the broken connection after it, and the other target gets everything', async () => {
    const [source, limited, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, { layers: [randomBytes(8_000_000)] });
    limited.when('PATCH', /uploads/, refuseUnread(413, page, { 'content-type': 'text/html' }));

    const report = await copyImage(
      clientFor([source, limited, healthy], streaming),
      requestFor(source, [limited, healthy]),
    );

    expect(report.failures.map(({ target }) => target)).toEqual(['target-1']);
    expect(report.failures[0]?.failure).toMatchObject({ code: 'blob-too-large', decision: 'block' });
    expect(report.failures[0]?.failure.message).toMatch(/413 Request Entity Too Large.*raise the body limit/);
    expect(healthy.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a token that is refused in the middle of an upload is renewed, and the blob is sent again', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(8_000_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const challenge = `Bearer realm="${target.url}/token",service="test",scope="repository:${targetRepository}:pull,push"`;
    let given = 0;
    target.when('GET', /^\/token/, ({ response }) => {
      answer(response, 200, {}, Buffer.from(JSON.stringify({ token: `token-${++given}`, expires_in: 300 })));
    });
    let good = 'Bearer token-1';
    for (const method of ['HEAD', 'POST', 'PUT', 'GET', 'PATCH']) {
      target.when(method, /^\/v2/, (exchange) => {
        if (exchange.request.headers.authorization === good) return exchange.ordinary();
        return refuseUnread(401, '', { 'www-authenticate': challenge })(exchange);
      });
    }
    target.when(
      'PATCH',
      /uploads/,
      (exchange) => {
        good = 'Bearer token-2';
        refuseUnread(401, '', { 'www-authenticate': challenge })(exchange);
      },
      1,
    );

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(given).toBe(2);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });
});

describe('a commit that takes longer than the timeout', () => {
  /** Stores a blob as a registry on object storage does: the blob is visible only after `looks` HEADs. */
  function commitSlowly(
    target: ScriptedRegistry,
    layer: Buffer,
    { looks, whenAsked }: { readonly looks: number; readonly whenAsked: (exchange: Exchange) => void },
  ): void {
    const digest = sha256(layer);
    const commit = new RegExp(`uploads.*digest=.*${digest.slice('sha256:'.length)}`);
    let seen = 0;
    target.when('HEAD', new RegExp(`blobs/${digest}`), ({ response, ordinary }) => {
      const isThere = target.blobs.has(`${targetRepository}@${digest}`);
      return !isThere || ++seen > looks ? ordinary() : answer(response, 404);
    });
    target.when('PUT', commit, ({ request, response }) => {
      request.resume();
      answerError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
    });
    target.when(
      'PUT',
      commit,
      async (exchange) => {
        await readAll(exchange.request);
        target.putBlob(targetRepository, layer);
        whenAsked(exchange);
      },
      1,
    );
  }

  test.each<[string, (exchange: Exchange) => void]>([
    ['a proxy gives up on it', ({ response }) => answer(response, 504)],
    ['no answer ever comes', () => {}],
  ])(
    'a commit that takes longer than the timeout (%s): the blob is checked by HEAD, and not sent twice',
    async (_, whenAsked) => {
      const [source, target] = await sourceAndTarget();
      const layer = randomBytes(100_000);
      placeImage(source, repository, { layers: [layer] });
      commitSlowly(target, layer, { looks: 3, whenAsked });

      const report = await copyImage(
        clientFor([source, target], { ...streaming, timing: { ...impatient, commitMs: 600 } }),
        requestFor(source, [target]),
      );

      expect(report.failures).toEqual([]);
      expect(target.count('PATCH', /uploads/)).toBe(2);
    },
  );
});

describe('a registry that does not show at once what it stored', () => {
  test('a blob that is not yet visible to its manifest is waited for', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    target.when(
      'PUT',
      /manifests/,
      ({ request, response }) => {
        request.resume();
        answerError(response, 400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry ${image.layers[0]}`);
      },
      2,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]).toMatchObject({ uploadedBlobs: 2 });
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a blob that is not visible to any request is sent again', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const digest = image.layers[0] ?? '';
    target.when(
      'PUT',
      /manifests/,
      ({ request, response }) => {
        request.resume();
        target.blobs.delete(`${targetRepository}@${digest}`);
        answerError(response, 404, 'BLOB_UNKNOWN', 'blob unknown to registry');
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blobs.has(`${targetRepository}@${digest}`)).toBe(true);
  });

  test('a blob that never becomes visible ends the copy with that reason', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    target.when('PUT', /manifests/, ({ request, response }) => {
      request.resume();
      answerError(response, 400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry ${image.layers[0]}`);
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'manifest-refused', decision: 'retry' });
    expect(report.failures[0]?.failure.message).toContain(image.layers[0]);
  });

  test('a tag that becomes visible a moment later is accepted', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const old = placeImage(source, repository, { tag: 'old' });
    target.when('GET', /manifests\/v1/, ({ response }) => answerError(response, 404, 'MANIFEST_UNKNOWN', ''), 1);
    target.when(
      'GET',
      /manifests\/v1/,
      ({ response }) => answer(response, 200, { 'content-type': old.mediaType }, old.bytes),
      1,
    );

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.count('PUT', /manifests/)).toBe(1);
  });
});

test('a mount that was confirmed but not made is detected at once, even if manifests are not checked', async () => {
  const [source, target] = await sourceAndTarget();
  const layer = randomBytes(10_000);
  const image = placeImage(source, repository, { layers: [layer] });
  target.when('POST', /mount=/, ({ response }) => answer(response, 201));
  target.when('PUT', /manifests/, async ({ request, response }) => {
    const bytes = await readAll(request);
    const digest = target.putManifest(targetRepository, 'v1', { mediaType: image.mediaType, bytes });
    answer(response, 201, { 'docker-content-digest': digest });
  });

  const report = await copyImage(
    clientFor([source, target], { blobLocations: everyBlobIn('other/base') }),
    requestFor(source, [target]),
  );

  expect(report.targets[0]).toMatchObject({ uploadedBlobs: 2, mountedBlobs: 0 });
  expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
});
