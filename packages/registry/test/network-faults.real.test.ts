import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { startFaultyProxy } from '../../../test/support/faulty-proxy.js';
import type { FaultyProxy } from '../../../test/support/faulty-proxy.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { skopeoInspectRaw } from '../../../test/support/skopeo.js';
import { blobsOf, makeImage, pushImage } from '../../../test/support/test-images.js';
import type { MadeManifest } from '../../../test/support/test-images.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

const repository = 'team/app';
const mirrored = 'mirror/app';
const data = /^PATCH .*\/uploads\//;
const commit = /^PUT .*\/uploads\/.*digest=/;
const timing = { backoffMs: 50, joinMs: 500 };

let image: MadeManifest;
let source: RegistryServer;
let sourceProxy: FaultyProxy;

beforeAll(async () => {
  image = await makeImage({ name: 'app', layers: [3_000_000, 1_000_000] });
  source = await startRegistry({ kind: 'distribution' });
  sourceProxy = await startFaultyProxy(source.url);
  await pushImage(source, { image, repository, tag: 'v1' });
});

afterAll(async () => {
  await sourceProxy.stop();
  await source.stop();
});

async function copyTo(proxy: FaultyProxy, from: { readonly host: string } = source): Promise<CopyReport> {
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    trustedHosts: new Set([from.host, proxy.host]),
    timing,
  });
  onTestFinished(() => client.close());
  return await copyImage(client, {
    source: parseImageReference(`${from.host}/${repository}:v1`),
    platforms: 'all',
    targets: [{ name: 'target', host: proxy.host, repository: mirrored, tag: 'v1', manifestPolicy: 'keep' }],
  });
}

describe.each(['distribution', 'docker-registry'] as const)('with connection faults on the way to %s', (kind) => {
  let target: RegistryServer;
  let proxy: FaultyProxy;

  async function startTarget(): Promise<void> {
    target = await startRegistry({ kind });
    proxy = await startFaultyProxy(target.url);
    onTestFinished(async () => {
      await proxy.stop();
      await target.stop();
    });
  }

  async function expectWhole(report: CopyReport): Promise<void> {
    expect(report.failures).toEqual([]);
    const raw = await skopeoInspectRaw({ registry: target, repository: mirrored, reference: 'v1' });
    expect(raw.equals(image.bytes)).toBe(true);
  }

  test('a commit whose answer is lost is confirmed by HEAD, and nothing is sent twice', async () => {
    await startTarget();
    let lost = 0;
    proxy.when(commit, (passage) => lost++ < blobsOf(image).length && passage.loseAnswer());

    const report = await copyTo(proxy);

    await expectWhole(report);
    // The config is small: its one request has both its data and its commit.
    const streamed = blobsOf(image).filter(({ size }) => size > 64 * 1024);
    expect(proxy.seen.filter((line) => data.test(line))).toHaveLength(streamed.length);
    expect(proxy.seen.filter((line) => commit.test(line))).toHaveLength(blobsOf(image).length);
  });

  test('an upload that is cut off starts again, whatever the registry kept of it', async () => {
    await startTarget();
    let cut = 0;
    proxy.when(data, (passage) => cut++ < 3 && passage.cutRequest(200));

    const report = await copyTo(proxy);

    await expectWhole(report);
    expect(proxy.seen.filter((line) => data.test(line)).length).toBeGreaterThan(blobsOf(image).length);
  });

  test('a registry that is killed before the commit and forgets its uploads gets them again', async () => {
    await startTarget();
    let restart: Promise<void> | undefined;
    const [largest] = blobsOf(image).toSorted((a, b) => b.size - a.size);
    const itsCommit = new RegExp(`^PUT .*${largest?.digest.slice('sha256:'.length)}`);
    proxy.when(itsCommit, (passage) => {
      if (restart !== undefined) return false;
      restart = restarted();
      return restart.then(() => passage.pass());
    });
    // The start of a registry may take long. Requests wait at the proxy meanwhile.
    proxy.when(/./, (passage) => restart !== undefined && restart.then(() => passage.pass()));
    const restarted = async (): Promise<void> => {
      const { storagePath: storage, port } = target;
      process.kill(target.pid, 'SIGKILL');
      // With another secret the registry rejects the upload state that it signed before.
      target = await startRegistry({ kind, storage, port });
    };

    const report = await copyTo(proxy);

    await expectWhole(report);
    // Each blob that is streamed was sent at least once, and one of them again.
    const streamed = blobsOf(image).filter(({ size }) => size > 64 * 1024);
    expect(proxy.seen.filter((line) => data.test(line)).length).toBeGreaterThan(streamed.length);
  });

  test('a source that breaks off in every layer is resumed from there', async () => {
    await startTarget();
    const cut = new Set<string>();
    sourceProxy.when(/^GET .*\/blobs\//, (passage) => {
      if (cut.has(passage.path)) return false;
      cut.add(passage.path);
      return passage.cutAnswer(500_000);
    });

    const report = await copyTo(proxy, sourceProxy);

    await expectWhole(report);
    const reads = (await source.requests()).filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
    expect(reads.map(({ status }) => status)).toContain(206);
    // The config was read with the manifest.
    const layers = blobsOf(image).filter(({ size }) => size > 500_000);
    expect(report.bytesRead).toBe(layers.reduce((sum, { size }) => sum + size, 0));
  });
});
