import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { everyBlobIn } from '../../../test/support/remembered-blobs.js';
import {
  placeImage,
  placeIndex,
  placeManifest,
  mediaTypes,
  describe as descriptor,
} from '../../../test/support/scripted-images.js';
import { answer, readAll } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetAt,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyProgress } from '../src/copy-types.js';
import { planCopy } from '../src/plan-copy.js';
import { surveyCopy } from '../src/survey-copy.js';

describe('one read of the source', () => {
  test('each blob is read once for two targets, and both have every byte', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const layers = [randomBytes(3_000_000), randomBytes(500_000), randomBytes(10)];
    const image = placeImage(source, repository, { layers });
    const client = clientFor([source, left, right]);

    const report = await copyImage(client, requestFor(source, [left, right]));

    const reads = [...image.layers, image.config].map((digest) => source.count('GET', new RegExp(`blobs/${digest}`)));
    expect(reads).toEqual([1, 1, 1, 1]);
    for (const target of [left, right]) {
      expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
      const arrived = image.layers.map((digest) => target.blob(targetRepository, digest));
      expect(arrived.map((bytes, n) => bytes?.equals(layers[n] ?? Buffer.alloc(0)))).toEqual([true, true, true]);
    }
    expect(report.bytesRead).toBe(3_500_010);
    expect(report.targets.map(({ outcome, uploadedBlobs }) => ({ outcome, uploadedBlobs }))).toEqual([
      { outcome: 'copied', uploadedBlobs: 4 },
      { outcome: 'copied', uploadedBlobs: 4 },
    ]);
  });

  test('the bytes of one blob do not wait for the commit of the previous blob', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(3000), randomBytes(2000)] });
    const [first, second] = image.layers.map((digest) => new RegExp(digest.slice('sha256:'.length)));
    let secondIsRead = (): void => {};
    const secondRead = new Promise<void>((resolve) => {
      secondIsRead = resolve;
    });
    target.when('PUT', first ?? /./, ({ ordinary }) => secondRead.then(ordinary));
    source.when('GET', second ?? /./, async ({ ordinary }) => {
      await ordinary();
      secondIsRead();
    });

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]), {
      concurrentBlobs: 1,
    });

    expect(report.failures).toEqual([]);
  });

  test('a copy after a plan does not read a manifest twice', async () => {
    const [source, target] = await sourceAndTarget();
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    const arm64 = placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' });
    placeIndex(source, repository, [amd64, arm64]);
    const client = clientFor([source, target]);

    await planCopy(client, requestFor(source, [target]));
    await copyImage(client, requestFor(source, [target]));

    expect(source.count('GET', /manifests/)).toBe(3);
  });

  test('a copy of an image that is in place sends the source one HEAD and reads nothing from it', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    placeIndex(source, repository, [amd64]);
    await copyImage(clientFor([source, left, right]), requestFor(source, [left, right]));
    source.requests.length = 0;

    const report = await copyImage(clientFor([source, left, right]), requestFor(source, [left, right]));

    expect(report.targets.map(({ outcome }) => outcome)).toEqual(['already-there', 'already-there']);
    expect(report.bytesRead).toBe(0);
    expect(source.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `HEAD /v2/${repository}/manifests/v1`,
    ]);
  });

  test('a digest that was resolved before is copied, even if the tag has moved since', async () => {
    const [source, target] = await sourceAndTarget();
    const old = placeImage(source, repository);
    placeImage(source, repository);
    const sourceDigest = old.digest as `sha256:${string}`;

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { sourceDigest }));

    expect(report.targets[0]?.digest).toBe(old.digest);
    expect(source.count('HEAD', /manifests/)).toBe(0);
  });
});

describe('content that a target has already', () => {
  test('a blob that a target has is not sent, and not read if every target has it', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const [shared, rest] = [randomBytes(1000), randomBytes(1000)];
    const image = placeImage(source, repository, { layers: [shared, rest] });
    for (const target of [left, right]) target.putBlob(targetRepository, shared);

    const report = await copyImage(clientFor([source, left, right]), requestFor(source, [left, right]));

    expect(source.count('GET', new RegExp(`blobs/${image.layers[0]}`))).toBe(0);
    expect(report.targets.map(({ skippedBlobs }) => skippedBlobs)).toEqual([1, 1]);
  });

  test('a child manifest that a target has proves that its blobs are there', async () => {
    const [source, target] = await sourceAndTarget();
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    const arm64 = placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' });
    const index = placeIndex(source, repository, [amd64, arm64]);
    const client = clientFor([source, target]);
    await copyImage(client, requestFor(source, [target], { platforms: [{ os: 'linux', architecture: 'amd64' }] }));
    target.requests.length = 0;

    const report = await copyImage(client, requestFor(source, [target]));

    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(index.bytes);
    expect(target.count('HEAD', new RegExp(`blobs/(${amd64.layers[0]}|${amd64.config})`))).toBe(0);
    expect(report.targets[0]).toMatchObject({ skippedBlobs: 2, uploadedBlobs: 2, replaces: amd64.digest });
  });

  test('a blob in another repository of the host is mounted from there', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(5000);
    const image = placeImage(source, repository, { layers: [layer] });
    target.putBlob('other/base', layer);

    const report = await copyImage(
      clientFor([source, target], { blobLocations: everyBlobIn('other/base') }),
      requestFor(source, [target]),
    );

    expect(report.targets[0]).toMatchObject({ mountedBlobs: 1, uploadedBlobs: 1 });
    expect(source.count('GET', new RegExp(`blobs/${image.layers[0]}`))).toBe(0);
  });

  test('a blob that this client pushed to one repository is mounted into the next', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const client = clientFor([source, target]);

    await copyImage(client, requestFor(source, [target]));
    const second = targetAt(target, { repository: 'mirror/second' });
    const report = await copyImage(client, requestFor(source, [], { targets: [second] }));

    expect(report.targets[0]).toMatchObject({ mountedBlobs: 2, uploadedBlobs: 0 });
    expect(report.bytesRead).toBe(0);
  });

  test('within one registry blobs are mounted from the source repository, and not read', async () => {
    const [registry] = await sourceAndTarget();
    placeImage(registry, repository);
    const request = requestFor(registry, [registry]);

    const survey = await surveyCopy(clientFor([registry]), request);
    const report = await copyImage(clientFor([registry]), request);

    expect(survey).toMatchObject({ bytesToRead: 0, targets: [{ mountable: { blobs: 2 }, sent: { blobs: 0 } }] });
    expect(report).toMatchObject({ bytesRead: 0, targets: [{ mountedBlobs: 2, uploadedBlobs: 0 }] });
  });

  test('a mount that the registry does not grant becomes an upload in the session that it opened', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);

    const report = await copyImage(
      clientFor([source, target], { blobLocations: everyBlobIn('gone/away') }),
      requestFor(source, [target]),
    );

    expect(report.targets[0]).toMatchObject({ mountedBlobs: 0, uploadedBlobs: 2 });
    expect(target.count('POST', /uploads/)).toBe(2);
  });

  test.each([[400], [404], [405], [500]])(
    'a blob is uploaded to a registry that answers a mount with %d',
    async (status) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      target.when('POST', /mount=/, ({ response }) => answer(response, status));

      const report = await copyImage(
        clientFor([source, target], { blobLocations: everyBlobIn('other/base') }),
        requestFor(source, [target]),
      );

      expect(report).toMatchObject({ failures: [], targets: [{ mountedBlobs: 0, uploadedBlobs: 2 }] });
    },
  );

  test('two concurrent copies send a blob to one repository once', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository, { layers: [randomBytes(2_000_000)] });
    source.putManifest(repository, 'v2', { mediaType: image.mediaType, bytes: image.bytes });
    const client = clientFor([source, target], streaming);

    const reports = await Promise.all([
      copyImage(client, requestFor(source, [target])),
      copyImage(client, requestFor(source, [], { targets: [targetAt(target, { tag: 'v2' })] })),
    ]);

    expect(reports.map(({ failures }) => failures)).toEqual([[], []]);
    expect(target.count('PATCH', /uploads/)).toBe(2);
  });
});

describe('every form of image', () => {
  test('a long index causes a few concurrent requests for manifests at a target, not all at once', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const children = Array.from({ length: 60 }, (_, number) => ({
      ...placeManifest(source, repository, {
        tag: `child-${number}`,
        mediaType: image.mediaType,
        content: { ...(JSON.parse(image.bytes.toString()) as object), annotations: { number: String(number) } },
      }),
    }));
    placeIndex(source, repository, children);
    let atOnce = 0;
    let most = 0;
    target.when('HEAD', /manifests/, async ({ ordinary }) => {
      most = Math.max(most, ++atOnce);
      await new Promise(setImmediate);
      atOnce--;
      await ordinary();
    });

    const reports = [];
    for (let time = 0; time < 2; time++) {
      reports.push(await copyImage(clientFor([source, target]), requestFor(source, [target])));
    }

    expect(reports.map(({ targets }) => targets[0]?.outcome)).toEqual(['copied', 'already-there']);
    expect(most).toBeLessThanOrEqual(8);
    expect(target.count('HEAD', /manifests/)).toBe(2 + 61 + 60 + 1);
  });

  test('empty blobs, repeated layers and nested indexes are copied unchanged', async () => {
    const [source, target] = await sourceAndTarget();
    const repeated = randomBytes(100);
    const image = placeImage(source, repository, { tag: 'a', layers: [repeated, Buffer.alloc(0), repeated] });
    const inner = placeIndex(source, repository, [image], 'inner');
    const outer = placeIndex(source, repository, [inner, image]);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(outer.bytes);
    expect(target.manifest(targetRepository, inner.digest)?.bytes).toEqual(inner.bytes);
    expect(report.targets[0]?.uploadedBlobs).toBe(3);
  });

  test('a layer with external URLs is not copied', async () => {
    const [source, target] = await sourceAndTarget();
    const config = Buffer.from('{"os":"windows","architecture":"amd64"}');
    source.putBlob(repository, config);
    placeManifest(source, repository, {
      tag: 'v1',
      mediaType: mediaTypes.manifest,
      content: {
        schemaVersion: 2,
        config: descriptor(mediaTypes.config, config),
        layers: [
          {
            ...descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', randomBytes(10)),
            urls: ['https://example.com/layer'],
          },
        ],
      },
    });
    target.when('PUT', /manifests/, async ({ request, response }) => {
      const bytes = await readAll(request);
      target.putManifest(targetRepository, 'v1', { mediaType: mediaTypes.manifest, bytes });
      answer(response, 201);
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]?.uploadedBlobs).toBe(1);
  });

  test('children are pushed before the index, and the tag is set last', async () => {
    const [source, target] = await sourceAndTarget();
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    const arm64 = placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' });
    placeIndex(source, repository, [amd64, arm64]);

    await copyImage(clientFor([source, target]), requestFor(source, [target]));

    const writes = target.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
    expect(writes.slice(-3)).toEqual([
      `/v2/${targetRepository}/manifests/${amd64.digest}`,
      `/v2/${targetRepository}/manifests/${arm64.digest}`,
      `/v2/${targetRepository}/manifests/v1`,
    ]);
  });
});

describe('progress', () => {
  test('the reported progress adds up to the bytes that moved', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    placeImage(source, repository, { layers: [randomBytes(3_000_000), randomBytes(1000)] });
    const events: CopyProgress[] = [];

    const report = await copyImage(clientFor([source, left, right]), requestFor(source, [left, right]), {
      onProgress: (event) => events.push(event),
    });

    const sum = (type: 'read' | 'sent'): number =>
      events.reduce((total, event) => (event.type === type ? total + event.bytes : total), 0);
    expect(sum('read')).toBe(report.bytesRead);
    expect(sum('sent')).toBe(report.targets.reduce((total, { bytesSent }) => total + bytesSent, 0));
    expect(events.filter(({ type }) => type === 'blob')).toHaveLength(6);
    expect(events.filter(({ type }) => type === 'target-done')).toHaveLength(2);
  });
});
