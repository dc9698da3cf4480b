import { describe, expect, test } from 'vitest';

import { placeImage, placeIndex } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  startScripted,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { headSource } from '../src/head-source.js';
import { headManifest } from '../src/manifests/head-manifest.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import type { PullQuota } from '../src/pull-quota.js';

const refusals = [400, 401, 403, 404, 405, 406, 410, 412, 500, 501, 503] as const;

function refuseHeads(registry: ScriptedRegistry, status: number): void {
  registry.when('HEAD', /manifests/, ({ response }) => answer(response, status));
}

/** A quota that grants and counts every pull. */
function countingQuota(): PullQuota & { taken: number } {
  return {
    taken: 0,
    isKnown: () => true,
    acquire() {
      this.taken++;
      return Promise.resolve(undefined);
    },
    observe: () => Promise.resolve(),
  };
}

describe('a registry that refuses HEAD of a manifest and answers GET', () => {
  test.each(refusals)('a source that refuses HEAD is read by GET, which counts as a pull: %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    refuseHeads(source, status);
    const pulls = countingQuota();

    const report = await copyImage(clientFor([source, target], { pulls }), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
    expect([source.count('GET', /manifests/), pulls.taken]).toEqual([1, 1]);
  });

  test.each(refusals)('a target that refuses HEAD is checked for its tag by GET: %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const before = placeImage(target, targetRepository);
    refuseHeads(target, status);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]).toMatchObject({ outcome: 'copied', replaces: before.digest });
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test.each([404, 403, 501])('an index that a target has completely is not pushed again: %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    for (const [registry, name] of [
      [source, repository],
      [target, targetRepository],
    ] as const) {
      const child = placeImage(registry, name, { tag: 'child', layers: [Buffer.from('layer')] });
      placeIndex(registry, name, [child]);
    }
    refuseHeads(target, status);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'already-there' });
    expect(target.count('PUT', /./)).toBe(0);
  });

  test.each([400, 403, 404, 405])(
    'a storage that refuses only HEAD at the end of a redirect is read by GET: %d',
    async (status) => {
      const [source, target] = await sourceAndTarget();
      const storage = await startScripted();
      const image = placeImage(source, repository);
      storage.putManifest(repository, 'v1', { mediaType: image.mediaType, bytes: image.bytes });
      for (const method of ['HEAD', 'GET']) {
        source.when(method, /manifests/, ({ path, response }) =>
          answer(response, 307, { location: `${storage.url}${path}` }),
        );
      }
      refuseHeads(storage, status);

      const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

      expect(report.failures).toEqual([]);
      expect(source.count('HEAD', /manifests/)).toBe(1);
      expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
    },
  );
});

test('a tag that does not exist costs one pull of the source, and is reported as missing', async () => {
  const source = await startScripted();
  placeImage(source, repository, { tag: 'other' });
  const pulls = countingQuota();

  const looking = headSource(clientFor([source], { pulls }), parseImageReference(`${source.host}/${repository}:v1`));

  await expect(looking).rejects.toMatchObject({ code: 'tag-missing', decision: 'wait' });
  expect([source.count('GET', /manifests/), pulls.taken]).toEqual([1, 1]);
});

test('a private source that refuses HEAD is reported with its answer to GET', async () => {
  const source = await startScripted();
  source.when('HEAD', /manifests/, ({ response }) => answer(response, 403));
  source.when('GET', /manifests/, ({ response }) => answerError(response, 403, 'DENIED', 'ask the owner of the team'));

  const looking = headSource(clientFor([source]), parseImageReference(`${source.host}/${repository}:v1`));

  await expect(looking).rejects.toMatchObject({ code: 'denied', decision: 'block' });
  await expect(looking).rejects.toThrow('ask the owner of the team');
});

test('a target that has answered a HEAD before is trusted when it has no tag, with one request', async () => {
  const target = await startScripted();
  placeImage(target, targetRepository);
  const client = clientFor([target]);
  const repo = { side: 'target', host: target.host, repository: targetRepository, name: 'target-1' } as const;

  const heads = [await headManifest(client, repo, 'v1'), await headManifest(client, repo, 'v2')];

  expect(heads.map((head) => head !== undefined)).toEqual([true, false]);
  expect(target.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
});

test('a target without an earlier answer to HEAD is checked by GET for the tag, but not for children of a new index', async () => {
  const [source, target] = await sourceAndTarget();
  placeIndex(source, repository, [placeImage(source, repository, { tag: 'child' })]);

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  const reads = target.requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'));
  // Once before the push, and once when the tag is read back.
  expect(reads.map(({ path }) => path)).toEqual(Array(2).fill(`/v2/${targetRepository}/manifests/v1`));
});

test('"not modified" is trusted only for the digest in the request', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  const before = placeImage(target, targetRepository);
  target.when('HEAD', /manifests\/v1/, ({ request, response, ordinary }) => {
    if (request.headers['if-none-match'] === undefined) return ordinary();
    response.writeHead(304, { 'docker-content-digest': before.digest }).end();
    return undefined;
  });

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { trustEqualTags: true }));

  expect(report.targets[0]).toMatchObject({ outcome: 'copied', replaces: before.digest });
});

describe("Harbor's policy against unsigned images", () => {
  const words = 'current image without cosign signature cannot be pulled due to configured policy.';

  /** Answers reads of existing manifests with 412, as Harbor does. */
  function forbidReading(registry: ScriptedRegistry, name: string): void {
    for (const method of ['HEAD', 'GET']) {
      registry.when(method, /manifests/, ({ path, response, ordinary }) => {
        if (registry.manifest(name, path.split('/').at(-1) ?? '') === undefined) return ordinary();
        return answerError(response, 412, 'PROJECTPOLICYVIOLATION', words);
      });
    }
  }

  test("Harbor's policy does not stop a first push, whose report says that only the answer to PUT confirms it", async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    forbidReading(target, targetRepository);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]).toMatchObject({ outcome: 'copied', digest: image.digest });
    expect(report.targets[0]?.unread).toContain(words);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test("Harbor's policy does not stop a moving tag over one that cannot be read", async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    placeImage(target, targetRepository);
    forbidReading(target, targetRepository);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test("a second copy under Harbor's policy keeps what the first one pushed, and reports again that it cannot be read", async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const request = requestFor(source, [target]);
    const known = {
      recipe: 'same',
      digest: image.digest,
      sourceDigest: image.digest,
      mediaType: image.mediaType,
      platforms: [],
      missingPlatforms: [],
      dropped: [],
    } as unknown as NonNullable<(typeof request.targets)[number]['known']>;
    forbidReading(target, targetRepository);
    await copyImage(clientFor([source, target]), request);
    const puts = target.count('PUT', /manifests/);

    const report = await copyImage(clientFor([source, target]), {
      ...request,
      targets: [targetAt(target, { known })],
    });

    expect(report.targets[0]).toMatchObject({ outcome: 'already-there' });
    expect(report.targets[0]?.unread).toMatch(/policy keeps the tag from being read/);
    expect(target.count('PUT', /manifests/)).toBe(puts);
  });

  test("Harbor's policy blocks a copy whose backup of the tag it forbids, and the tag stays unchanged", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const before = placeImage(target, targetRepository);
    forbidReading(target, targetRepository);

    const report = await copyImage(clientFor([source, target]), {
      ...requestFor(source, [target]),
      targets: [targetAt(target, { backupTag: 'v1-before' })],
    });

    expect(report.failures[0]?.failure).toMatchObject({ code: 'denied', decision: 'block' });
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(before.bytes);
  });

  test("Harbor's policy blocks a push if even the answer to PUT does not say what was stored", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    forbidReading(target, targetRepository);
    target.when('PUT', /manifests/, async ({ request, response }) => {
      const mediaType = request.headers['content-type'] ?? '';
      target.putManifest(targetRepository, 'v1', { mediaType, bytes: await readAll(request) });
      answer(response, 201);
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'denied', decision: 'block' });
    expect(report.failures[0]?.failure.message).toContain('whether it is right cannot be seen');
  });

  test("Harbor's policy at a source blocks the copy, with the policy in the reason", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    forbidReading(source, repository);

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'denied', decision: 'block' });
    await expect(copying).rejects.toThrow(`${words}; the project's policy keeps it from being read`);
  });
});

test('a push by an account without pull permission is reported as confirmed by PUT alone', async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository);
  for (const method of ['HEAD', 'GET']) {
    target.when(method, /manifests/, ({ response }) => answerError(response, 403, 'DENIED', 'no pull'));
  }

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets[0]).toMatchObject({ outcome: 'copied', digest: image.digest });
  expect(report.targets[0]?.unread).toContain('no pull');
});

test.each([
  ['believed after some images', 200, 0],
  ['doubted as long as it refuses HEAD', 404, 1],
] as const)('what a target with many new images says to HEAD is %s', async (_, status, askedAgain) => {
  const [source, target] = await sourceAndTarget();
  const client = clientFor([source, target]);
  if (status === 404) refuseHeads(target, status);
  for (let number = 1; number <= 8; number += 1) {
    const tag = `v${number}`;
    placeImage(source, repository, { tag });
    target.requests.splice(0);
    const changes = {
      source: parseImageReference(`${source.host}/${repository}:${tag}`),
      targets: [targetAt(target, { tag })],
    };
    const report = await copyImage(client, requestFor(source, [target], changes));
    expect(report.failures).toEqual([]);
  }

  // One GET reads the new tag back.
  expect(target.count('GET', /manifests\/v8$/)).toBe(1 + askedAgain);
});

test('a target whose record of a blob is damaged gets the blob again', async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository);
  target.when('HEAD', /blobs\/sha256/, ({ response }) => answer(response, 500));
  target.when(
    'GET',
    /blobs\/sha256/,
    ({ response }) => answerError(response, 500, 'UNKNOWN', 'unknown error: invalid checksum digest format'),
    source.blobs.size,
  );

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.failures).toEqual([]);
  expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
});
