import { expect, test } from 'vitest';

import { mediaTypes, placeImage, placeManifest } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';

const docker = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  list: 'application/vnd.docker.distribution.manifest.list.v2+json',
  schema1: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const;
const amd64 = { os: 'linux', architecture: 'amd64' };

/** An OCI image whose manifest has no media type. */
function placeUntyped(source: ScriptedRegistry, tag = 'v1') {
  const { bytes } = placeImage(source, repository, { tag: 'typed' });
  const { mediaType: _, ...content } = JSON.parse(bytes.toString()) as { readonly mediaType: string };
  return placeManifest(source, repository, { tag, mediaType: mediaTypes.manifest, content });
}

test.each([
  docker.manifest,
  docker.list,
  docker.schema1,
  mediaTypes.index,
  'text/plain; charset=utf-8',
  'text/html',
  'application/json',
  'application/octet-stream',
  'application/vnd.oci.image.config.v1+json',
])("an OCI image that its source sends as %s is pushed with OCI's media type and the same bytes", async (sentAs) => {
  const [source, target] = await sourceAndTarget();
  const image = placeUntyped(source);
  source.when('GET', /manifests/, ({ response }) => answer(response, 200, { 'content-type': sentAs }, image.bytes));

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms: [amd64] }));

  expect(report).toMatchObject({ failures: [], targets: [{ digest: image.digest, mediaType: mediaTypes.manifest }] });
  expect(target.manifest(targetRepository, 'v1')).toEqual({ mediaType: mediaTypes.manifest, bytes: image.bytes });
});

test.each([
  ['all', 'all'],
  ['one', [amd64]],
  ['two', [amd64, { os: 'linux', architecture: 'arm64' }]],
] as const)(
  "if a source sends an OCI index as Docker's list, the copy of %s of its platforms has OCI's media type",
  async (_, platforms) => {
    const [source, target] = await sourceAndTarget();
    const children = ['amd64', 'arm64', 's390x'].map((architecture) => {
      const { digest, bytes } = placeImage(source, repository, { tag: architecture, architecture });
      return { digest, size: bytes.length, mediaType: docker.manifest, platform: { os: 'linux', architecture } };
    });
    const content = { schemaVersion: 2, manifests: children };
    placeManifest(source, repository, { tag: 'v1', mediaType: docker.list, content });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms }));

    expect(report.failures).toEqual([]);
    const types = [...target.manifests.values()].map(({ mediaType }) => mediaType);
    expect(new Set(types)).toEqual(
      new Set(platforms.length === 1 ? [mediaTypes.manifest] : [mediaTypes.manifest, mediaTypes.index]),
    );
  },
);

test("the media type in a manifest's body takes precedence over its Content-Type", async () => {
  const [source, target] = await sourceAndTarget();
  const image = placeImage(source, repository);
  source.putManifest(repository, 'v1', { mediaType: docker.manifest, bytes: image.bytes });

  await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(target.manifest(targetRepository, 'v1')?.mediaType).toBe(mediaTypes.manifest);
});

test('a schema 1 manifest is reported as such, also with another Content-Type', async () => {
  const [source, target] = await sourceAndTarget();
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 1, name: repository, fsLayers: [], signatures: [] }));
  // The digest of the signed payload, not of these bytes.
  const headers = { 'content-type': 'application/json', 'docker-content-digest': `sha256:${'1'.repeat(64)}` };
  source.when('GET', /manifests/, ({ response }) => answer(response, 200, headers, bytes));
  source.when('HEAD', /manifests/, ({ response }) => answer(response, 200, headers));

  const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

  await expect(copying).rejects.toMatchObject({ code: 'manifest-unsupported', decision: 'block' });
  await expect(copying).rejects.toThrow('schema 1');
});

test('a manifest that a target sends with a wrong Content-Type is kept under the backup tag with its right one', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  const { bytes } = placeImage(target, targetRepository, { tag: 'old' });
  target.putManifest(targetRepository, 'v1', { mediaType: 'text/plain', bytes });
  const targets = [targetAt(target, { backupTag: 'before' })];

  await copyImage(clientFor([source, target]), requestFor(source, [], { targets }));

  expect(target.manifest(targetRepository, 'before')).toEqual({ mediaType: mediaTypes.manifest, bytes });
});

test('an index without entries is copied as it is', async () => {
  const [source, target] = await sourceAndTarget();
  const content = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: null };
  const index = placeManifest(source, repository, { tag: 'v1', mediaType: mediaTypes.index, content });
  const client = clientFor([source, target]);

  const report = await copyImage(client, requestFor(source, [target]));
  const chosen = copyImage(client, requestFor(source, [target], { platforms: [amd64] }));

  expect(report).toMatchObject({ failures: [], targets: [{ digest: index.digest }] });
  await expect(chosen).rejects.toMatchObject({ code: 'platform-missing' });
});
