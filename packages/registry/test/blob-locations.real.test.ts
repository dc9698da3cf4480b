import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { startFaultyProxy } from '../../../test/support/faulty-proxy.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { blobsOf, hasBlob, makeImage, pushImage, readManifest } from '../../../test/support/test-images.js';
import type { MadeManifest } from '../../../test/support/test-images.js';
import type { BlobLocations } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

let source: RegistryServer;
let target: RegistryServer;
let image: MadeManifest;
let other: MadeManifest;

beforeAll(async () => {
  [source, target] = await Promise.all([
    startRegistry({ kind: 'docker-registry' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  image = await makeImage({ name: 'wanted', layers: [200_000, 3_000] });
  other = await makeImage({ name: 'other', layers: [1_000] });
  await Promise.all([
    pushImage(source, { image, repository: 'team/app', tag: 'v1' }),
    pushImage(target, { image: other, repository: 'full/of-others', tag: 'v1' }),
  ]);
});

afterAll(() => Promise.all([source, target].map((server) => server.stop())));

/** What a database contains that was restored from another time or edited by hand. */
class LyingMemory implements BlobLocations {
  readonly forgotten: string[] = [];
  readonly #repositories: readonly string[];

  constructor(repositories: readonly string[]) {
    this.#repositories = repositories;
  }

  async known(_registry: string, digests: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    return new Map(digests.map((digest) => [digest, this.#repositories]));
  }

  async record(): Promise<void> {}

  async forget(_registry: string, repository: string, digest: string): Promise<void> {
    this.forgotten.push(`${repository}@${digest}`);
  }
}

async function copyWith(
  memory: LyingMemory,
  repository: string,
): Promise<{ readonly report: CopyReport; readonly mounts: readonly string[] }> {
  const proxy = await startFaultyProxy(target.url);
  onTestFinished(() => proxy.stop());
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    trustedHosts: new Set([source.host, proxy.host]),
    blobLocations: memory,
  });
  onTestFinished(() => client.close());
  const report = await copyImage(client, {
    source: parseImageReference(`${source.host}/team/app:v1`),
    platforms: 'all',
    targets: [{ name: 'copy', host: proxy.host, repository, tag: 'v1', manifestPolicy: 'keep' }],
  });
  return { report, mounts: proxy.seen.filter((line) => line.includes('mount=')) };
}

test.each([
  { what: 'a repository that is not there', to: 'lied/one', repositories: ['never/was'], failedMounts: 1 },
  { what: 'a repository with other blobs', to: 'lied/two', repositories: ['full/of-others'], failedMounts: 1 },
  { what: 'the repository that it goes to', to: 'lied/three', repositories: ['lied/three'], failedMounts: 0 },
  {
    what: 'what no repository is called',
    to: 'lied/four',
    repositories: ['../../etc', 'A b?from=x&c'],
    failedMounts: 2,
  },
  {
    what: 'many repositories',
    to: 'lied/five',
    repositories: Array.from({ length: 20 }, (_, n) => `wrong/${n}`),
    failedMounts: 2,
  },
])(
  'remembered blob locations that name $what cost failed mounts, and the image is complete',
  async ({ to, repositories, failedMounts }) => {
    const memory = new LyingMemory(repositories);
    const blobs = blobsOf(image);

    const { report, mounts } = await copyWith(memory, to);

    expect(report.failures).toEqual([]);
    expect(report.targets[0]).toMatchObject({ mountedBlobs: 0, uploadedBlobs: blobs.length });
    expect(mounts).toHaveLength(failedMounts * blobs.length);
    expect(new Set(memory.forgotten).size).toBe(failedMounts * blobs.length);
    expect((await readManifest(target, to, 'v1'))?.digest).toBe(image.digest);
    for (const { digest } of blobs) expect(await hasBlob(target, to, digest)).toBe(true);
  },
);
