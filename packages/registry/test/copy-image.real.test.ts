import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryOptions, RegistryServer } from '../../../test/support/registry-server.js';
import { everyBlobIn } from '../../../test/support/remembered-blobs.js';
import { describe as descriptor, mediaTypes, placeManifest } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import { skopeoCopy, skopeoInspectRaw } from '../../../test/support/skopeo.js';
import { blobsOf, makeAttestation, makeImage, makeIndex, pushImage } from '../../../test/support/test-images.js';
import type { MadeManifest } from '../../../test/support/test-images.js';
import type { RegistryClientOptions } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyRequest, CopyTarget } from '../src/copy-types.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { parsePlatformSelection } from '../src/oci/platform.js';
import { createRegistryClient } from '../src/registry-client.js';
import type { RegistryClient } from '../src/registry-client.js';

const repository = 'team/app';
const mirrored = 'mirror/app';

let image: MadeManifest;

beforeAll(async () => {
  const amd64 = await makeImage({ name: 'app', layers: [3_000_000, 10] });
  const arm64 = await makeImage({ name: 'app', layers: [2_000_000, 10], platform: 'linux/arm64' });
  image = makeIndex([amd64, makeAttestation(amd64, 'artifact'), arm64, makeAttestation(arm64, 'image')]);
});

function requestFor(source: RegistryServer, targets: readonly CopyTarget[], platforms = 'all'): CopyRequest {
  return {
    source: parseImageReference(`${source.host}/${repository}:v1`),
    platforms: parsePlatformSelection(platforms),
    targets,
  };
}

function targetAt({ host }: RegistryServer, changes: Partial<CopyTarget> = {}): CopyTarget {
  return { name: host, host, repository: mirrored, tag: 'v1', manifestPolicy: 'keep', ...changes };
}

function clientFor(servers: readonly RegistryServer[], options: Partial<RegistryClientOptions> = {}): RegistryClient {
  const client = createRegistryClient({
    credentials: (host) => {
      const known = servers.find((server) => server.host === host)?.credentials;
      return Promise.resolve(known && { username: known.user, password: known.password });
    },
    hosts: new Map(servers.map(({ host, ca }) => [host, ca === undefined ? {} : { ca }])),
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

async function startForTest(options: RegistryOptions): Promise<RegistryServer> {
  const server = await startRegistry(options);
  onTestFinished(() => server.stop());
  return server;
}

describe.each(['distribution', 'docker-registry'] as const)('between %s servers', (kind) => {
  let source: RegistryServer;
  let left: RegistryServer;
  let right: RegistryServer;

  beforeAll(async () => {
    [source, left, right] = await Promise.all([
      startRegistry({ kind }),
      startRegistry({ kind, tls: true }),
      startRegistry({ kind, htpasswd: { user: 'captain', password: 'sec:ret' } }),
    ]);
    await pushImage(source, { image, repository, tag: 'v1' });
  });

  afterAll(async () => {
    await Promise.all([source, left, right].map((server) => server.stop()));
  });

  test('an index is copied byte for byte over TLS with a password, and its source is read once', async () => {
    const report = await copyImage(
      clientFor([source, left, right]),
      requestFor(source, [targetAt(left), targetAt(right)]),
    );

    expect(report.failures).toEqual([]);
    for (const registry of [left, right]) {
      const raw = await skopeoInspectRaw({ registry, repository: mirrored, reference: 'v1' });
      expect(raw.equals(image.bytes)).toBe(true);
    }
    const reads = (await source.requests()).filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
    const sizes = blobsOf(image).map(({ digest, size }) => ({ digest, bytes: size }));
    const read = reads.map(({ path, bytes }) => ({ digest: path.slice(path.lastIndexOf('/') + 1), bytes }));
    const byDigest = (a: { digest: string }, b: { digest: string }): number => a.digest.localeCompare(b.digest);
    expect(read.toSorted(byDigest)).toEqual(sizes.toSorted(byDigest));
  });

  test('another client can pull each platform of a copied index', async () => {
    await copyImage(clientFor([source, left, right]), requestFor(source, [targetAt(left)]));

    for (const platform of ['linux/amd64', 'linux/arm64']) {
      const folder = mkdtempSync(join(tmpdir(), 'ferry-pulled-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      await skopeoCopy({ registry: left, repository: mirrored, reference: 'v1' }, folder, { platform });
      const pulled = readFileSync(join(folder, 'manifest.json'));
      expect(image.children.map(({ bytes }) => bytes.equals(pulled))).toContain(true);
    }
  });

  test('a single platform is copied as its own manifest, and several as an index of them', async () => {
    const client = clientFor([source, left, right]);

    const one = await copyImage(client, requestFor(source, [targetAt(left, { tag: 'one' })], 'linux/arm64'));
    const two = await copyImage(
      client,
      requestFor(source, [targetAt(left, { tag: 'two' })], 'linux/arm64,linux/amd64'),
    );

    expect(one.targets[0]?.digest).toBe(image.children[2]?.digest);
    expect(two.targets[0]?.digest).toBe(image.digest);
    const raw = await skopeoInspectRaw({ registry: left, repository: mirrored, reference: 'one' });
    expect(raw.equals(image.children[2]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test('a second copy moves nothing, and a second repository is filled by mounts', async () => {
    const client = clientFor([source, left, right]);
    await copyImage(client, requestFor(source, [targetAt(right)]));

    const again = await copyImage(client, requestFor(source, [targetAt(right)]));
    const elsewhere = targetAt(right, { repository: 'mirror/second' });
    const remembering = clientFor([source, left, right], { blobLocations: everyBlobIn(mirrored) });
    const mounted = await copyImage(remembering, requestFor(source, [elsewhere]));

    expect(again.targets[0]).toMatchObject({ outcome: 'already-there', bytesSent: 0 });
    expect(mounted.targets[0]).toMatchObject({ uploadedBlobs: 0, bytesSent: 0 });
    expect(mounted.targets[0]?.mountedBlobs).toBe(blobsOf(image).length);
  });

  test('if equal tags are trusted, one HEAD to each side is enough to find an index in place', async () => {
    const target = await startForTest({ kind });
    const client = clientFor([source, target]);
    const request = { ...requestFor(source, [targetAt(target)]), trustEqualTags: true };
    await copyImage(client, request);
    const before = [(await source.requests()).length, (await target.requests()).length] as const;

    const again = await copyImage(client, request);

    expect(again.targets[0]).toMatchObject({ outcome: 'already-there', digest: image.digest });
    const asked = (await source.requests()).slice(before[0]);
    const compared = (await target.requests()).slice(before[1]);
    expect(asked.map(({ method, status }) => ({ method, status }))).toEqual([{ method: 'HEAD', status: 200 }]);
    // The copy compared the digests only, and did not read the manifest.
    expect(compared.map(({ method, status }) => ({ method, status }))).toEqual([{ method: 'HEAD', status: 304 }]);
  });

  test('a forced copy pushes data again that is gone below a tag', async () => {
    const target = await startForTest({ kind });
    const request = requestFor(source, [targetAt(target)]);
    await copyImage(clientFor([source, target]), request);
    const [lost] = blobsOf(image).toSorted((a, b) => b.size - a.size);
    const digest = lost?.digest.slice('sha256:'.length) ?? '';
    const data = join(target.storagePath, 'docker/registry/v2/blobs/sha256', digest.slice(0, 2), digest);
    rmSync(data, { recursive: true });

    const relied = await copyImage(clientFor([source, target]), request);
    const force = await copyImage(clientFor([source, target]), { ...request, force: true });

    expect(relied.targets[0]).toMatchObject({ outcome: 'already-there' });
    expect(force.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 1, bytesSent: lost?.size });
    expect(
      createHash('sha256')
        .update(readFileSync(join(data, 'data')))
        .digest('hex'),
    ).toBe(digest);
    const raw = await skopeoInspectRaw({ registry: target, repository: mirrored, reference: 'v1' });
    expect(raw.equals(image.bytes)).toBe(true);
  });

  test('a wrong password fails one target and not the other', async () => {
    const wrong = (): Promise<{ username: string; password: string }> =>
      Promise.resolve({ username: 'captain', password: 'wrong' });

    const report = await copyImage(
      clientFor([source, left, right], { credentials: wrong }),
      requestFor(source, [targetAt(left, { tag: 'p' }), targetAt(right, { tag: 'p' })]),
    );

    expect(report.failures.map(({ failure }) => [failure.code, failure.decision])).toEqual([['unauthorized', 'block']]);
    expect(report.failures[0]?.failure.message).not.toContain('wrong');
    expect(report.targets).toHaveLength(1);
  });

  test('a certificate of an unknown CA is refused', async () => {
    const client = createRegistryClient({
      credentials: () => Promise.resolve(undefined),
      trustedHosts: new Set([source.host, left.host]),
    });
    onTestFinished(() => client.close());

    const report = await copyImage(client, requestFor(source, [targetAt(left)]));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'tls', decision: 'block' });
  });

  test('a missing tag and a missing repository have different errors', async () => {
    const client = clientFor([source, left, right]);
    const request = requestFor(source, [targetAt(left)]);

    const results = await Promise.allSettled([
      copyImage(client, { ...request, source: { ...request.source, tag: 'v2' } }),
      copyImage(client, { ...request, source: { ...request.source, path: 'absent/nothing' } }),
    ]);

    expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : ''))).toEqual([
      'tag-missing',
      'repository-missing',
    ]);
  });

  test('a target that is killed during a copy fails without the other, and the next copy is complete', async () => {
    const victim = await startForTest({ kind });
    const request = requestFor(source, [
      targetAt(victim, { tag: 'k' }),
      targetAt(left, { repository: 'mirror/kill', tag: 'k' }),
    ]);
    let killed = false;

    const report = await copyImage(clientFor([source, left, right, victim]), request, {
      onProgress(event) {
        if (killed || event.type !== 'sent' || event.target !== victim.host) return;
        killed = true;
        process.kill(victim.pid, 'SIGKILL');
      },
    });

    expect(report.failures.map(({ target, failure }) => [target, failure.code])).toEqual([
      [victim.host, 'unreachable'],
    ]);
    expect(report.targets.map(({ digest }) => digest)).toEqual([image.digest]);
    const back = await startForTest({ kind, storage: victim.storagePath, port: victim.port });
    const second = await copyImage(clientFor([source, left, right, back]), request);
    expect(second.failures).toEqual([]);
    const raw = await skopeoInspectRaw({ registry: back, repository: mirrored, reference: 'k' });
    expect(raw.equals(image.bytes)).toBe(true);
  });
});

describe('a target that accepts only images', () => {
  test('a target that accepts only images refuses an attestation with policy keep, takes the image with policy drop, and both are reported', async () => {
    const source = await startForTest({ kind: 'distribution' });
    const strict = await startForTest({ kind: 'docker-registry', classes: ['image'] });
    // This policy of the old registry refuses OCI images as a whole. The registries it stands for accept them.
    const amd64 = await makeImage({ name: 'strict', layers: [1000], format: 'docker' });
    const attested = makeIndex([amd64, makeAttestation(amd64, 'artifact')], { format: 'docker' });
    await pushImage(source, { image: attested, repository, tag: 'v1' });
    const client = clientFor([source, strict]);

    const kept = await copyImage(client, requestFor(source, [targetAt(strict)]));
    const dropped = await copyImage(client, requestFor(source, [targetAt(strict, { manifestPolicy: 'drop' })]));

    expect(kept.failures[0]?.failure).toMatchObject({ code: 'manifest-refused', decision: 'block' });
    expect(dropped.failures).toEqual([]);
    expect(dropped.targets[0]?.dropped).toHaveLength(1);
  });
});

describe('a target that is read-only', () => {
  test('a read-only target is reported with its answer', async () => {
    const source = await startForTest({ kind: 'distribution' });
    const readonly = await startForTest({ kind: 'distribution', readonly: true });
    await pushImage(source, { image, repository, tag: 'v1' });

    const report = await copyImage(clientFor([source, readonly]), requestFor(source, [targetAt(readonly)]));

    expect(report.failures[0]?.failure.message).toContain(readonly.host);
    expect(report.failures[0]?.failure.decision).toBe('block');
  });
});

describe.each(['distribution', 'docker-registry'] as const)(
  'a %s server and a digest algorithm that it may not support',
  (kind) => {
    test('a server stores a sha512 layer under another digest, and the error says so in plain words', async () => {
      const [source, target] = [await ScriptedRegistry.start(), await startForTest({ kind })];
      onTestFinished(() => source.stop());
      const layer = Buffer.from('a layer');
      const digest = `sha512:${createHash('sha512').update(layer).digest('hex')}`;
      const config = Buffer.from('{"os":"linux","architecture":"amd64"}');
      source.putBlob(repository, config);
      source.blobs.set(`${repository}@${digest}`, layer);
      placeManifest(source, repository, {
        tag: 'v1',
        mediaType: mediaTypes.manifest,
        content: {
          schemaVersion: 2,
          mediaType: mediaTypes.manifest,
          config: descriptor(mediaTypes.config, config),
          layers: [{ mediaType: mediaTypes.layer, digest, size: layer.length }],
        },
      });
      const client = clientFor([target], { trustedHosts: new Set([source.host]) });

      const report = await copyImage(client, {
        source: parseImageReference(`${source.host}/${repository}:v1`),
        platforms: 'all',
        targets: [targetAt(target)],
      });

      expect(report.failures[0]?.failure).toMatchObject({ code: 'manifest-unsupported', decision: 'block' });
      expect(report.failures[0]?.failure.message).toContain('does not know this algorithm');
    });
  },
);
