import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import {
  describe as descriptor,
  mediaTypes,
  placeImage,
  placeIndex,
  placeManifest,
} from '../../../test/support/scripted-images.js';
import type { PlacedImage, PlacedManifest } from '../../../test/support/scripted-images.js';
import { answer, answerError } from '../../../test/support/scripted-registry.js';
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
import type { CopyRequest } from '../src/copy-types.js';
import { headManifest } from '../src/manifests/head-manifest.js';
import { planCopy } from '../src/plan-copy.js';

const amd64 = { os: 'linux', architecture: 'amd64' } as const;
const arm64 = { os: 'linux', architecture: 'arm64' } as const;

interface PlacedSource {
  readonly amd64: PlacedImage;
  readonly arm64: PlacedImage;
  readonly attestation: PlacedManifest;
  readonly index: PlacedManifest;
}

/** Two platforms, and an attestation of the first in the form that ACR's personal edition refuses. */
function placeAttested(source: ScriptedRegistry): PlacedSource {
  const first = placeImage(source, repository, { tag: 'amd64' });
  const second = placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' });
  const empty = Buffer.from('{}');
  source.putBlob(repository, empty);
  const attestation = placeManifest(source, repository, {
    tag: 'attestation',
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
      config: descriptor('application/vnd.oci.empty.v1+json', empty),
      layers: [],
    },
  });
  const fields = {
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': first.digest,
    },
  };
  return {
    amd64: first,
    arm64: second,
    attestation,
    index: placeIndex(source, repository, [first, second, { ...attestation, fields }]),
  };
}

describe('the manifest that the tag will point to', () => {
  test("for all platforms the plan is the source's own index", async () => {
    const [source, target] = await sourceAndTarget();
    const { index, amd64: first, arm64: second } = placeAttested(source);

    const plan = await planCopy(clientFor([source, target]), requestFor(source, [target]));

    expect(plan).toMatchObject({ sourceDigest: index.digest, offeredPlatforms: ['linux/amd64', 'linux/arm64'] });
    expect(plan.targets[0]).toMatchObject({ digest: index.digest, alreadyThere: false, dropped: [] });
    expect(plan.targets[0]?.platforms.map(({ platform, digest }) => [platform, digest])).toEqual([
      ['linux/amd64', first.digest],
      ['linux/arm64', second.digest],
    ]);
    expect(plan.targets[0]?.platforms.every(({ size }) => size > 2000)).toBe(true);
  });

  test('for one platform the plan is its manifest, and platforms that the source does not offer are noted', async () => {
    const [source, target] = await sourceAndTarget();
    const { arm64: second } = placeAttested(source);
    const platforms = [arm64, { os: 'linux', architecture: 's390x' }];

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms }));

    expect(report.targets[0]?.digest).toBe(second.digest);
    expect(report.missingPlatforms).toEqual(['linux/s390x']);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(second.bytes);
  });

  test('a platform that is not published is refused with the list of published ones', async () => {
    const [source, target] = await sourceAndTarget();
    placeAttested(source);
    const platforms = [{ os: 'linux', architecture: 's390x' }];

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target], { platforms }));

    await expect(planning).rejects.toMatchObject({ code: 'platform-missing' });
    await expect(planning).rejects.toThrow('linux/amd64, linux/arm64');
  });

  test('the platform of a single manifest comes from its config', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const client = clientFor([source, target]);

    const plan = await planCopy(client, requestFor(source, [target], { platforms: [amd64] }));
    const wrong = planCopy(client, requestFor(source, [target], { platforms: [arm64] }));

    expect(plan.targets[0]?.platforms).toEqual([
      { platform: 'linux/amd64', digest: image.digest, size: expect.any(Number) },
    ]);
    await expect(wrong).rejects.toMatchObject({ code: 'platform-missing' });
  });
});

describe('manifest policies', () => {
  async function withPolicy(
    manifestPolicy: 'keep' | 'drop' | 'fail',
  ): Promise<[CopyRequest, ScriptedRegistry, PlacedSource, ScriptedRegistry]> {
    const [source, target] = await sourceAndTarget();
    const placed = placeAttested(source);
    return [requestFor(source, [], { targets: [targetAt(target, { manifestPolicy })] }), source, placed, target];
  }

  test('the policy drop leaves the refused attestation out, and a second copy finds everything in place', async () => {
    const [request, source, { attestation, index, amd64: first }, target] = await withPolicy('drop');

    const report = await copyImage(clientFor([source, target]), request);
    const again = await planCopy(clientFor([source, target]), request);

    const pushed = JSON.parse(target.manifest(targetRepository, 'v1')?.bytes.toString() ?? '') as {
      manifests: { digest: string }[];
    };
    expect(pushed.manifests.map(({ digest }) => digest)).not.toContain(attestation.digest);
    expect(pushed.manifests[0]?.digest).toBe(first.digest);
    expect(report.targets[0]?.digest).not.toBe(index.digest);
    expect(report.targets[0]?.dropped.map(({ digest }) => digest)).toEqual([attestation.digest]);
    expect(again.targets[0]?.alreadyThere).toBe(true);
  });

  test('the policy fail refuses the image before any blob moves', async () => {
    const [request, source, , target] = await withPolicy('fail');

    const report = await copyImage(clientFor([source, target]), request);

    expect(report.failures[0]?.failure).toMatchObject({ code: 'manifest-policy', decision: 'block' });
    expect(source.count('GET', /blobs/)).toBe(0);
  });

  test('the manifest policy keep copies everything', async () => {
    const [request, source, { index }, target] = await withPolicy('keep');

    await copyImage(clientFor([source, target]), request);

    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(index.bytes);
  });
});

describe('a source that does not have the image', () => {
  test('a plan of a missing tag says that it may appear later', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { tag: 'other' });

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'tag-missing', decision: 'wait' });
  });

  test('a plan of a missing repository is blocked', async () => {
    const [source, target] = await sourceAndTarget();

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'repository-missing', decision: 'block' });
  });

  test('an index whose manifest is missing is reported as broken', async () => {
    const [source, target] = await sourceAndTarget();
    const { arm64: second } = placeAttested(source);
    for (const key of source.manifests.keys()) if (key.endsWith(second.digest)) source.manifests.delete(key);

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(planning).rejects.toThrow(second.digest);
  });

  test('the error of a private source says what to check', async () => {
    const [source, target] = await sourceAndTarget();
    for (const method of ['HEAD', 'GET']) {
      source.when(method, /./, ({ response }) => answerError(response, 403, 'DENIED', 'no'));
    }

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'denied', side: 'source' });
  });
});

describe('manifests that cannot be copied', () => {
  test.each([
    [
      'schema 1',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      '{"schemaVersion":1}',
      'manifest-unsupported',
    ],
    ['something that is no manifest', mediaTypes.manifest, '{"hello":1}', 'manifest-unsupported'],
    ['HTML', 'text/html', '<html>log in first</html>', 'manifest-unsupported'],
  ])('a plan refuses %s by name', async (_, mediaType, text, code) => {
    const [source, target] = await sourceAndTarget();
    source.putManifest(repository, 'v1', { mediaType, bytes: Buffer.from(text) });

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code, decision: 'block' });
  });

  test('a manifest of more than 8 MiB is not read to its end', async () => {
    const [source, target] = await sourceAndTarget();
    source.putManifest(repository, 'v1', { mediaType: mediaTypes.manifest, bytes: randomBytes(9 * 1024 * 1024) });

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'manifest-too-large' });
  });

  test('bytes that do not have the requested digest are never used', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(image.digest), ({ response }) =>
      answer(response, 200, { 'content-type': mediaTypes.manifest }, Buffer.from(`${image.bytes.toString()} `)),
    );

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target]));

    await expect(planning).rejects.toMatchObject({ code: 'source-corrupt' });
  });
});

describe('registries with incomplete answers', () => {
  test('the manifest itself is read if HEAD or the digest in its answer is missing', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('HEAD', /manifests/, ({ response }) => answer(response, 405));
    target.when('HEAD', /manifests/, ({ response }) => answer(response, 200));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]?.digest).toBe(image.digest);
  });

  test('adoption gets the digest of a tag, or that the tag does not exist', async () => {
    const registry = await startScripted();
    const image = placeImage(registry, repository);
    const client = clientFor([registry]);
    const repo = { side: 'target', name: 'target-1', host: registry.host, repository } as const;

    const found = await headManifest(client, repo, 'v1');
    const missing = await headManifest(client, repo, 'v2');

    expect(found).toEqual({ digest: image.digest, mediaType: mediaTypes.manifest, size: image.bytes.length });
    expect(missing).toBeUndefined();
    expect(registry.count('GET', /./)).toBe(0);
  });
});
