import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { blobsOf, hasBlob, makeImage, makeIndex, pushImage } from '../../../test/support/test-images.js';
import type { MadeManifest } from '../../../test/support/test-images.js';
import { checkContents } from '../src/check-contents.js';
import { copyImage } from '../src/copy-image.js';
import { parseDigest } from '../src/oci/digest.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';
import type { RegistryClient } from '../src/registry-client.js';

const repository = 'team/app';
const closedHost = '127.0.0.1:9';

const kinds = ['distribution', 'docker-registry'] as const;

describe.each(kinds)('a check of contents on %s', (kind) => {
  let source: RegistryServer;
  let target: RegistryServer;
  let image: MadeManifest;

  beforeAll(async () => {
    // A cache of descriptors, as hosted registries have: HEAD requests go on to say that a deleted blob is there.
    const env = { REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: 'inmemory' };
    [source, target] = await Promise.all([startRegistry({ kind }), startRegistry({ kind, env })]);
    const amd64 = await makeImage({ name: 'app', layers: [300_000, 10] });
    image = makeIndex([amd64, await makeImage({ name: 'app', layers: [200_000], platform: 'linux/arm64' })]);
    await pushImage(source, { image, repository, tag: 'v1' });
  });

  afterAll(async () => {
    await Promise.all([source, target].map((server) => server.stop()));
  });

  test('reads each manifest and one byte of each blob, and counts its requests', async () => {
    await pushImage(target, { image, repository: 'team/whole', tag: 'v1' });
    let requests = 0;

    const checked = await checkContents(
      clientFor([source.host, target.host, closedHost]),
      repo('team/whole'),
      parseDigest(image.digest),
      {
        beforeRequest: async () => {
          requests++;
        },
      },
    );

    expect(checked).toEqual({ manifests: 3, blobs: blobsOf(image).length, missing: [] });
    expect(requests).toBe(3 + blobsOf(image).length);
    const reads = (await target.requests()).filter(({ path }) => path.includes('team/whole/blobs/sha256'));
    const gets = reads.filter(({ method }) => method === 'GET');
    expect(gets.map(({ bytes }) => bytes)).toEqual(gets.map(() => 1));
  });

  test('finds a blob whose file was deleted although HEAD says that it is there, and a forced copy sends it again', async () => {
    const name = 'team/garbage';
    await pushImage(target, { image, repository: name, tag: 'v1' });
    const largest = blobsOf(image).toSorted((a, b) => b.size - a.size)[0];
    await hasBlob(target, name, largest?.digest ?? '');
    rmSync(fileOf(target, largest?.digest ?? ''));

    const lost = await checkContents(
      clientFor([source.host, target.host, closedHost]),
      repo(name),
      parseDigest(image.digest),
    );
    const isSaidToBeThere = await hasBlob(target, name, largest?.digest ?? '');
    const healed = await copyImage(clientFor([source.host, target.host, closedHost]), requestTo(name));
    const after = await checkContents(
      clientFor([source.host, target.host, closedHost]),
      repo(name),
      parseDigest(image.digest),
    );

    expect(isSaidToBeThere).toBe(true);
    expect(lost.missing).toMatchObject([{ kind: 'blob', digest: largest?.digest, size: largest?.size }]);
    expect(healed.targets[0]).toMatchObject({ uploadedBlobs: 1, bytesSent: largest?.size });
    expect(after.missing).toEqual([]);
  });

  test('finds a manifest that is gone below an index', async () => {
    const name = 'team/child';
    const child = await makeImage({ name: 'child', layers: [50] });
    const index = makeIndex([child, await makeImage({ name: 'other', layers: [60], platform: 'linux/arm64' })]);
    await pushImage(target, { image: index, repository: name, tag: 'v1' });
    rmSync(fileOf(target, child.digest));

    const checked = await checkContents(
      clientFor([source.host, target.host, closedHost]),
      repo(name),
      parseDigest(index.digest),
    );

    expect(checked.missing).toMatchObject([{ kind: 'manifest', digest: child.digest }]);
  });

  test('finds a blob that was cut', async () => {
    const name = 'team/cut';
    const single = await makeImage({ name: 'cut', layers: [70_000] });
    await pushImage(target, { image: single, repository: name, tag: 'v1' });
    const [layer] = blobsOf(single).toSorted((a, b) => b.size - a.size);
    truncateSync(fileOf(target, layer?.digest ?? ''), 0);

    const checked = await checkContents(
      clientFor([source.host, target.host, closedHost]),
      repo(name),
      parseDigest(single.digest),
    );

    expect(checked.missing.map(({ digest }) => digest)).toEqual([layer?.digest]);
  });

  test('of a registry that does not answer says nothing about its images', async () => {
    const closed = { side: 'target', host: closedHost, repository, name: 'closed' } as const;

    const checked = checkContents(clientFor([source.host, target.host, closedHost]), closed, parseDigest(image.digest));

    await expect(checked).rejects.toMatchObject({ code: 'unreachable' });
  });

  function repo(name: string) {
    return { side: 'target', host: target.host, repository: name, name: 'target' } as const;
  }

  function requestTo(name: string): Parameters<typeof copyImage>[1] {
    return {
      source: parseImageReference(`${source.host}/${repository}:v1`),
      platforms: 'all',
      targets: [{ name: 'target', host: target.host, repository: name, tag: 'v1', manifestPolicy: 'keep' }],
      force: true,
    };
  }
});

test.each(kinds)('a blob whose record a full disk left empty on %s is missing, and a copy mends it', async (kind) => {
  const registry = await startRegistry({ kind });
  onTestFinished(async () => await registry.stop());
  const client = clientFor([registry.host]);
  const single = await makeImage({ name: 'damaged', layers: [30_000] });
  for (const name of ['team/source', 'team/damaged'])
    await pushImage(registry, { image: single, repository: name, tag: 'v1' });
  const place = { side: 'target', host: registry.host, repository: 'team/damaged', name: 'target' } as const;
  const [layer] = blobsOf(single).toSorted((a, b) => b.size - a.size);
  truncateSync(linkOf(registry, 'team/damaged', layer?.digest ?? ''), 0);

  const damaged = await checkContents(client, place, parseDigest(single.digest));
  const copied = await copyImage(client, {
    source: parseImageReference(`${registry.host}/team/source:v1`),
    platforms: 'all',
    targets: [{ name: 'target', host: registry.host, repository: 'team/damaged', tag: 'v1', manifestPolicy: 'keep' }],
    force: true,
  });
  const after = await checkContents(client, place, parseDigest(single.digest));

  expect(damaged.missing).toMatchObject([{ kind: 'blob', digest: layer?.digest }]);
  expect(copied.failures).toEqual([]);
  expect(after.missing).toEqual([]);
});

function clientFor(hosts: readonly string[]): RegistryClient {
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    hosts: new Map(hosts.map((host) => [host, { scheme: 'http' }])),
    timing: { connectMs: 500, backoffMs: 1 },
  });
  onTestFinished(() => client.close());
  return client;
}

/** The registries keep each blob and each manifest in a file. */
function fileOf({ storagePath }: RegistryServer, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  const folder = join(storagePath, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex);
  expect(readdirSync(folder)).toEqual(['data']);
  return join(folder, 'data');
}

/** The file that links a repository to a blob. */
function linkOf({ storagePath }: RegistryServer, repository: string, digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return join(storagePath, 'docker/registry/v2/repositories', repository, '_layers/sha256', hex, 'link');
}

test.each([
  ['distribution', 'the tag', 'tags/v1/current/link'],
  ['docker-registry', 'the tag', 'tags/v1/current/link'],
  ['distribution', 'the manifest', 'revisions/sha256/HEX/link'],
  ['docker-registry', 'the manifest', 'revisions/sha256/HEX/link'],
] as const)('a copy mends a tag of %s whose record of %s a full disk left empty', async (kind, _, record) => {
  const [source, target] = await Promise.all([startRegistry({ kind: 'distribution' }), startRegistry({ kind })]);
  onTestFinished(async () => void (await Promise.all([source.stop(), target.stop()])));
  const single = await makeImage({ name: 'damaged', layers: [30_000] });
  const other = await makeImage({ name: 'other', layers: [20_000] });
  await pushImage(source, { image: single, repository: 'team/app', tag: 'v1' });
  await pushImage(target, { image: other, repository: 'team/app', tag: 'v1' });
  const hex = other.digest.slice('sha256:'.length);
  const manifests = join(target.storagePath, 'docker/registry/v2/repositories/team/app/_manifests');
  truncateSync(join(manifests, record.replace('HEX', hex)), 0);

  const copied = await copyImage(clientFor([source.host, target.host]), {
    source: parseImageReference(`${source.host}/team/app:v1`),
    platforms: 'all',
    targets: [{ name: 'target', host: target.host, repository: 'team/app', tag: 'v1', manifestPolicy: 'keep' }],
  });
  const after = await checkContents(
    clientFor([target.host]),
    { side: 'target', host: target.host, repository: 'team/app', name: 'target' },
    parseDigest(single.digest),
  );

  expect(copied.failures).toEqual([]);
  expect(after.missing).toEqual([]);
});

test.each(kinds)(
  'a manifest that a full disk left empty on %s is never taken for there: it cannot be pushed again, which the copy says',
  async (kind) => {
    const [source, target] = await Promise.all([startRegistry({ kind: 'distribution' }), startRegistry({ kind })]);
    onTestFinished(async () => void (await Promise.all([source.stop(), target.stop()])));
    const single = await makeImage({ name: 'damaged', layers: [30_000] });
    await pushImage(source, { image: single, repository: 'team/app', tag: 'v1' });
    await pushImage(target, { image: single, repository: 'team/other', tag: 'v1' });
    truncateSync(fileOf(target, single.digest), 0);

    const copied = await copyImage(clientFor([source.host, target.host]), {
      source: parseImageReference(`${source.host}/team/app:v1`),
      platforms: 'all',
      targets: [{ name: 'target', host: target.host, repository: 'team/app', tag: 'v1', manifestPolicy: 'keep' }],
    });

    expect(copied.failures).toMatchObject([{ failure: { code: 'target-corrupt', decision: 'block' } }]);
    expect(String(copied.failures[0]?.failure)).toContain(
      'remove the file of the manifest that this tag points to (blobs/sha256/…/data) there, restart the registry',
    );
  },
);
