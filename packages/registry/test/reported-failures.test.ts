import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { mediaTypes, placeImage, placeIndex, placeManifest } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };
const windows = { os: 'windows', architecture: 'amd64' };

describe('an index with a part that cannot be read', () => {
  test.each<[string, (exchange: Exchange) => void, string, string]>([
    ['is refused', ({ response }) => answerError(response, 403, 'DENIED', 'not for you'), 'denied', 'block'],
    ['breaks the server', ({ response }) => answer(response, 500), 'server-error', 'retry'],
    ['is somewhat else', ({ response }) => answer(response, 200, {}, Buffer.from('{}')), 'source-corrupt', 'block'],
  ])(
    'an index whose manifest %s fails with that reason, not with a missing platform',
    async (_, rule, code, decision) => {
      const [source, target] = await sourceAndTarget();
      const [first, second] = [
        placeImage(source, repository, { tag: 'a' }),
        placeImage(source, repository, { tag: 'b', architecture: 'arm64', layers: [randomBytes(100)] }),
      ];
      placeIndex(source, repository, [first, second]);
      source.when('GET', new RegExp(`manifests/${second.digest}`), rule);

      const copying = copyImage(
        clientFor([source, target]),
        requestFor(source, [target], { platforms: [amd64, arm64] }),
      );

      await expect(copying).rejects.toMatchObject({ code, decision, side: 'source' });
      await expect(copying).rejects.toThrow(second.digest);
      expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
    },
  );
});

describe('an index with few details about its parts', () => {
  test('an entry without a platform is matched by its config, and nothing is lost', async () => {
    const [source, target] = await sourceAndTarget();
    const first = placeImage(source, repository, { tag: 'a' });
    const second = placeImage(source, repository, { tag: 'b', architecture: 'arm64', layers: [randomBytes(100)] });
    const { platform: _, ...unnamed } = second;
    const index = placeIndex(source, repository, [first, unnamed]);
    const client = clientFor([source, target]);

    const one = await copyImage(client, requestFor(source, [target], { platforms: [arm64] }));
    const all = await copyImage(client, requestFor(source, [target]));

    expect(one).toMatchObject({ failures: [], missingPlatforms: [], targets: [{ digest: second.digest }] });
    expect(all.targets[0]).toMatchObject({ digest: index.digest });
    expect(target.manifest(targetRepository, second.digest)?.bytes).toEqual(second.bytes);
    expect(target.manifest(targetRepository, first.digest)?.bytes).toEqual(first.bytes);
  });

  test('operating system and architecture are not confused', async () => {
    const [source, target] = await sourceAndTarget();
    const images = [amd64, arm64, windows].map((platform, position) => ({
      ...placeImage(source, repository, { tag: `${position}`, layers: [randomBytes(100 + position)] }),
      platform,
    }));
    placeIndex(source, repository, images);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms: [windows] }));

    expect(report.targets[0]?.digest).toBe(images[2]?.digest);
  });

  test('a platform that only a nested index offers is reported as missing, not skipped silently', async () => {
    const [source, target] = await sourceAndTarget();
    const [first, inner] = [
      placeImage(source, repository, { tag: 'a' }),
      placeImage(source, repository, { tag: 'b', architecture: 'arm64', layers: [randomBytes(100)] }),
    ];
    placeIndex(source, repository, [first, placeIndex(source, repository, [inner], 'inner')]);

    const report = await copyImage(
      clientFor([source, target]),
      requestFor(source, [target], { platforms: [amd64, arm64] }),
    );

    expect(report.missingPlatforms).toEqual(['linux/arm64']);
  });
});

test('an unknown media type is refused by name, never skipped', async () => {
  const [source, target] = await sourceAndTarget();
  const mediaType = 'application/vnd.example.bundle.v7+json';
  placeManifest(source, repository, { tag: 'v1', mediaType, content: { schemaVersion: 7, things: [] } });

  const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

  await expect(copying).rejects.toMatchObject({ code: 'manifest-unsupported', decision: 'block' });
  await expect(copying).rejects.toThrow(mediaType);
});

test('a target that cannot say what it has is not treated as empty', async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository);
  for (const method of ['HEAD', 'GET']) target.when(method, /manifests/, ({ response }) => answer(response, 500));

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.failures[0]?.failure).toMatchObject({ code: 'server-error', decision: 'retry' });
  expect(source.count('GET', new RegExp(image.layers[0] ?? ''))).toBe(0);
});

test('a copy fails if its tag was confirmed but does not exist', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  target.when('PUT', /manifests/, async ({ request, response }) => {
    await readAll(request);
    answer(response, 201);
  });

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets).toEqual([]);
  expect(report.failures[0]?.failure).toMatchObject({ code: 'target-corrupt', decision: 'retry' });
  expect(report.failures[0]?.failure.message).toContain('nothing is there');
});

test('a tag that pointed to another digest is overwritten, and the report names that digest', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  const old = placeManifest(target, targetRepository, {
    tag: 'v1',
    mediaType: mediaTypes.index,
    content: { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] },
  });

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets[0]).toMatchObject({ outcome: 'copied', replaces: old.digest });
});
