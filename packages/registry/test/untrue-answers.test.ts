import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { mediaTypes, placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import type { PlacedImage } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import type { BlobLocations } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';

const anotherDigest = `sha256:${'1'.repeat(64)}`;

/** Accepts any manifest without a check of what it needs: missing parts show only in a pull. */
function checkNothing(target: ScriptedRegistry): void {
  target.when('PUT', /manifests/, async ({ request, response, path }) => {
    const bytes = await readAll(request);
    const mediaType = request.headers['content-type'] ?? '';
    const digest = target.putManifest(targetRepository, path.split('/').at(-1) ?? '', { mediaType, bytes });
    answer(response, 201, { 'docker-content-digest': digest });
  });
}

function expectBlobs(target: ScriptedRegistry, { config, layers }: PlacedImage): void {
  for (const digest of [config, ...layers]) expect(target.blob(targetRepository, digest)).toBeDefined();
}

describe('a target that confirms a blob without proof that it is this blob', () => {
  test.each<[string, (exchange: Exchange, size: number) => void]>([
    ['200 without a single field', ({ response }) => void response.writeHead(200).end()],
    [
      '200 of another digest',
      ({ response }, size) => {
        response.writeHead(200, { 'content-length': String(size), 'docker-content-digest': anotherDigest }).end();
      },
    ],
    ['200 with JSON', ({ response }) => void response.writeHead(200, { 'content-type': 'application/json' }).end()],
    ['204', ({ response }) => answer(response, 204)],
    ['206', ({ response }) => void response.writeHead(206, { 'content-length': '1' }).end()],
  ])("a blob is sent if the target's answer to HEAD does not prove it: %s", async (_, reply) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    checkNothing(target);
    target.when('HEAD', /blobs/, (exchange) => {
      reply(exchange, source.blob(repository, exchange.path.split('/').at(-1) ?? '')?.length ?? 0);
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 2 });
    expectBlobs(target, image);
  });

  test.each([[undefined], ['bytes 0-0/*']])(
    'a blob is sent if the answer to a read of one byte has no size: Content-Range %s',
    async (range) => {
      const [source, target] = await sourceAndTarget();
      const image = placeImage(source, repository);
      checkNothing(target);
      target.when('HEAD', /blobs/, ({ response }) => answer(response, 405));
      target.when('GET', /blobs/, ({ response }) =>
        answer(response, 206, range === undefined ? {} : { 'content-range': range }, Buffer.from('x')),
      );

      const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

      expect(report.targets[0]).toMatchObject({ uploadedBlobs: 2 });
      expectBlobs(target, image);
    },
  );
});

test('a blob in place is not sent again if HEAD has no length and GET of its first byte has', async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository, { layers: [] });
  target.putBlob(targetRepository, source.blob(repository, image.config) ?? Buffer.alloc(0));
  target.when('HEAD', /blobs/, ({ response }) => void response.writeHead(200).end());

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets[0]).toMatchObject({ uploadedBlobs: 0, skippedBlobs: 1 });
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['names no digest', {}],
  ['names another digest', { 'docker-content-digest': anotherDigest }],
  ['is a web page', { 'content-type': 'text/html' }],
])(
  'a mount that was not made, after others that were, is replaced by an upload if the answer %s',
  async (_, fields) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(100), randomBytes(200), randomBytes(300)] });
    for (const digest of [image.config, ...image.layers]) {
      target.putBlob('other/app', source.blob(repository, digest) ?? Buffer.alloc(0));
    }
    checkNothing(target);
    let mounts = 0;
    target.when('POST', /mount=/, async ({ response, ordinary }) => {
      if (++mounts === 1) await ordinary();
      else answer(response, 201, fields);
    });

    const client = clientFor([source, target], { blobLocations: allIn('other/app') });
    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expectBlobs(target, image);
  },
);

describe('a target that answers 201 to the commit of a blob that it does not keep', () => {
  test.each<[string, number, boolean]>([
    ['of the first, with its digest', 0, true],
    ['of the first, without a digest', 0, false],
    ['of the second, without a digest', 1, false],
  ])('a copy with a blob that the target did not keep never succeeds: %s', async (_, kept, withDigest) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    checkNothing(target);
    let commits = 0;
    target.when('PUT', /uploads/, async ({ request, response, path, ordinary }) => {
      if (commits++ < kept) return ordinary();
      await readAll(request);
      const digest = new URL(path, target.url).searchParams.get('digest') ?? '';
      answer(response, 201, withDigest ? { 'docker-content-digest': digest } : {});
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(messageOf(report)).toMatch(/it answered 201 to PUT blob sha256:\w+, but the blob is not there/);
    expect(report.failures[0]?.failure).toMatchObject({ code: 'server-error', decision: 'retry' });
    expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
  });

  test('a target gets time until a committed blob is visible', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    let looks = 0;
    target.when('HEAD', /blobs/, async ({ response, ordinary }) => {
      if (++looks < 5) answer(response, 404);
      else await ordinary();
    });
    target.when('GET', /blobs/, ({ response }) => answer(response, 404));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 2 });
    expectBlobs(target, image);
  });

  test('a blob that HEAD does not find after its commit is confirmed by GET', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('HEAD', /blobs/, ({ response }) => answer(response, 404));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 2 });
  });
});

describe('an index with parts that the target does not have', () => {
  async function indexAndTarget(): Promise<[ScriptedRegistry, ScriptedRegistry, readonly PlacedImage[]]> {
    const [source, target] = await sourceAndTarget();
    const images = ['amd64', 'arm64'].map((architecture) =>
      placeImage(source, repository, { tag: architecture, architecture }),
    );
    placeIndex(source, repository, images);
    checkNothing(target);
    return [source, target, images];
  }

  test('the parts of an index are pushed if HEAD answers with another digest', async () => {
    const [source, target, images] = await indexAndTarget();
    target.when('HEAD', /manifests\/sha256/, ({ response }) => {
      const fields = { 'content-type': mediaTypes.manifest, 'content-length': '10' };
      response.writeHead(200, { ...fields, 'docker-content-digest': anotherDigest }).end();
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    for (const image of images) {
      expect(target.manifest(targetRepository, image.digest)).toBeDefined();
      expectBlobs(target, image);
    }
  });

  test.each([[true], [false]])(
    'an index is not pushed if its parts are gone after their own PUT (the answer names the digest: %s)',
    async (withDigest) => {
      const [source, target] = await indexAndTarget();
      target.when('PUT', /manifests\/sha256/, async ({ request, response, path }) => {
        await readAll(request);
        answer(response, 201, withDigest ? { 'docker-content-digest': path.split('/').at(-1) ?? '' } : {});
      });

      const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

      expect(messageOf(report)).toMatch(/took the manifest sha256:\w+, but does not have it afterwards/);
      expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
    },
  );
});

describe('a source that redirects or refuses only some requests for its manifest', () => {
  test.each([[204], [206]])('a manifest is read by GET if the source answers HEAD with %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    source.when('HEAD', /manifests/, ({ response }) => void response.writeHead(status).end());

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]?.outcome).toBe('copied');
  });

  test.each([['/v2/team/app/manifests/v1'], ['ftp://127.0.0.1/v1']])(
    'a manifest is read by GET if only HEAD is redirected to %s',
    async (location) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      source.when('HEAD', /manifests/, ({ response }) => answer(response, 307, { location }));

      const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

      expect(report.targets[0]?.outcome).toBe('copied');
    },
  );

  test('a manifest is read by its tag if the source serves nothing by digest', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', /manifests\/sha256/, ({ response }) => answer(response, 404));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', digest: image.digest });
  });
});

test.each([423, 451])(
  'a target whose rules hide what was pushed (%d) is verified by PUT alone, and the report says so',
  async (status) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    for (const method of ['HEAD', 'GET']) target.when(method, /manifests/, ({ response }) => answer(response, status));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', digest: image.digest });
    expect(report.targets[0]?.unread).toContain(`answered ${status} to GET manifest v1`);
  },
);

test('a manifest that is refused once with a conflict is pushed again', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  const conflict = async ({ request, response }: Exchange): Promise<void> => {
    await readAll(request);
    answer(response, 409);
  };
  target.when('PUT', /manifests/, conflict, 1);
  target.when('POST', /uploads/, conflict, 1);

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets[0]?.outcome).toBe('copied');
});

test('a repository that Harbor does not have is missing, and is not waited for', async () => {
  const [source, target] = await sourceAndTarget();
  const words = `repository ${repository} not found`;
  for (const method of ['HEAD', 'GET']) {
    source.when(method, /./, ({ response }) => answerError(response, 404, 'NOT_FOUND', words));
  }

  const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

  await expect(copying).rejects.toMatchObject({ code: 'repository-missing', decision: 'block' });
});

test('the error of a token service that refuses with a reason quotes the reason', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  source.when('GET', /token/, ({ response }) =>
    answer(response, 400, { 'content-type': 'application/json' }, Buffer.from('{"error":"invalid_scope"}')),
  );
  for (const method of ['HEAD', 'GET']) {
    source.when(method, /manifests/, ({ response }) =>
      answer(response, 401, { 'www-authenticate': `Bearer realm="${source.url}/token",service="s"` }),
    );
  }

  const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

  await expect(copying).rejects.toThrow(/gives no anonymous token \(400: .*invalid_scope/);
});

function allIn(known: string): BlobLocations {
  return {
    known: (_, digests) => Promise.resolve(new Map(digests.map((digest) => [digest, [known]]))),
    record: () => Promise.resolve(),
    forget: () => Promise.resolve(),
  };
}

function messageOf({ failures }: CopyReport): string {
  return failures[0]?.failure.message ?? '';
}
