import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { verifyImages } from '../../../chaos/verify/verify-images.js';
import { pushImage } from '../../../demo/image-exchange.js';
import { makeImage, makeIndex } from '../../../demo/make-images.js';
import type { MadeManifest } from '../../../demo/make-images.js';
import { startRegistry } from '../../support/registry-server.js';
import type { RegistryServer } from '../../support/registry-server.js';

let targets: readonly [RegistryServer, RegistryServer];
let index: MadeManifest;

beforeAll(async () => {
  targets = [await startRegistry({ kind: 'distribution' }), await startRegistry({ kind: 'distribution' })];
  const images = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'].map(
    async (platform) => await makeImage({ name: 'app', platform, layers: [20_000] }),
  );
  index = makeIndex(await Promise.all(images));
  for (const registry of targets) {
    await pushImage(registry, { image: index, repository: 'org/app', tag: 'all' });
    await pushImage(registry, { image: index.children[0] ?? index, repository: 'org/app', tag: 'amd64' });
  }
});
afterAll(async () => {
  for (const registry of targets) await registry.stop();
});

test('an image is verified for its platforms, and a wrong tag, a missing image and a changed blob are found', async () => {
  const all = await verify(index, 'all', ['all']);
  const one = await verify(index, 'amd64', ['linux/amd64']);
  const wrong = await verify(index, 'all', ['linux/amd64', 'linux/arm64']);
  const missing = await verify(index, 'none', ['all']);
  tamperWith(targets[1], index.children[0]?.blobs[1]?.digest ?? '');
  const changed = await verify(index, 'all', ['all']);

  expect(all).toEqual([]);
  expect(one).toEqual([]);
  expect(wrong).toMatchObject([expect.stringContaining('not the source'), expect.stringContaining('not the source')]);
  expect(missing).toMatchObject([expect.stringContaining('is not there'), expect.stringContaining('is not there')]);
  expect(changed).toMatchObject([expect.stringMatching(/on target-2: blob sha256:\w+ is not there as it should be/)]);
});

async function verify(made: MadeManifest, tag: string, platforms: readonly string[]): Promise<readonly string[]> {
  const [first, second] = targets;
  const digest = tag === 'amd64' ? (made.children[0]?.digest ?? '') : made.digest;
  const name = { repository: 'org/app', tag, digest };
  const names = new Map([['target-1', name] as const, ['target-2', name] as const]);
  const { violations } = await verifyImages({ 'target-1': first, 'target-2': second }, [
    { reference: `source/org/app:${tag}`, made, platforms: new Set(platforms), names },
  ]);
  return violations.map(({ text }) => text);
}

/** Changes a byte of a blob where the registry keeps it. */
function tamperWith({ storagePath }: RegistryServer, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  const path = readdirSync(storagePath, { recursive: true, encoding: 'utf8' }).find((one) =>
    one.endsWith(`${hex}/data`),
  );
  writeFileSync(join(storagePath, path ?? ''), Buffer.alloc(10), { flag: 'r+' });
}
