import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startThrottle } from '../../demo/throttle.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryServer } from '../support/registry-server.js';
import { skopeoCopy, skopeoInspectRaw } from '../support/skopeo.js';
import { hasBlob, makeAttestation, makeImage, makeIndex, pushImage, readManifest } from '../support/test-images.js';
import type { MadeManifest } from '../support/test-images.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-exchange-'));
let secured: RegistryServer;
let picky: RegistryServer;
let index: MadeManifest;

beforeAll(async () => {
  secured = await startRegistry({ kind: 'distribution', tls: true, htpasswd: { user: 'u', password: 'p:w' } });
  picky = await startRegistry({ kind: 'docker-registry', classes: ['image'] });
  const amd64 = await makeImage({ name: 'app', layers: [300_000, 10] });
  const arm64 = await makeImage({ name: 'app', layers: [200_000], platform: 'linux/arm64' });
  index = makeIndex([amd64, arm64, makeAttestation(amd64, 'image'), makeAttestation(arm64, 'artifact')]);
});

afterAll(async () => {
  await Promise.all([secured.stop(), picky.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('images that the tests make', () => {
  test('images that the tests make arrive whole in a registry with TLS and a password, as skopeo sees it', async () => {
    await pushImage(secured, { image: index, repository: 'team/app', tag: '1.0' });
    const image = { registry: secured, repository: 'team/app', reference: '1.0' };
    const raw = await skopeoInspectRaw(image);
    await skopeoCopy(image, join(folder, 'arm64'), { platform: 'linux/arm64' });

    expect(raw.equals(index.bytes)).toBe(true);
    expect(readFileSync(join(folder, 'arm64', 'manifest.json')).equals(index.children[1]?.bytes ?? Buffer.of())).toBe(
      true,
    );
    expect((await readManifest(secured, 'team/app', index.digest))?.digest).toBe(index.digest);
    expect(await hasBlob(secured, 'team/app', `sha256:${'0'.repeat(64)}`)).toBe(false);
  });

  test('images with attestations of the new form are refused where only images are accepted', async () => {
    const pushing = pushImage(picky, { image: index, repository: 'team/app', tag: '1.0' });

    await expect(pushing).rejects.toThrow(/answered 403: .*unknown manifest class/);
  });

  test('images in Docker form, without attestations, are accepted where only images are accepted', async () => {
    const image = await makeImage({ name: 'plain', layers: [5], format: 'docker' });

    await pushImage(picky, { image, repository: 'team/plain', tag: 'latest' });

    expect((await readManifest(picky, 'team/plain', 'latest'))?.bytes.equals(image.bytes)).toBe(true);
  });
});

test('the throttle hands a blob on whole, in its time, and says how much of it was read', async () => {
  const image = await makeImage({ name: 'slow', layers: [600_000] });
  const layer = image.blobs[1];
  await pushImage(picky, { image, repository: 'slow', tag: '1' });
  const throttle = await startThrottle({ upstream: picky.url, bytesPerSecond: 2_000_000 });

  const start = performance.now();
  const answer = await fetch(`${throttle.url}/v2/slow/blobs/${layer?.digest}`);
  const bytes = await answer.arrayBuffer();
  const passed = performance.now() - start;
  const reads = throttle.reads();
  await throttle.stop();

  expect(bytes.byteLength).toBe(layer?.size);
  expect(passed).toBeGreaterThan(250);
  expect(reads).toEqual([{ digest: layer?.digest, bytes: layer?.size, requests: 1 }]);
});

test('the throttle can hold a blob back in the middle', async () => {
  const image = await makeImage({ name: 'held', layers: [500_000] });
  const layer = image.blobs[1];
  await pushImage(picky, { image, repository: 'held', tag: '1' });
  const throttle = await startThrottle({ upstream: picky.url, bytesPerSecond: 1_000_000_000 });
  const release = throttle.holdBack(layer?.digest ?? '', 250_000);

  const answer = await fetch(`${throttle.url}/v2/held/blobs/${layer?.digest}`);
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  const heldBytes = throttle.reads()[0]?.bytes ?? 0;
  release();
  let bytes = first?.value?.length ?? 0;
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) bytes += next.value.length;
  await throttle.stop();

  expect(heldBytes).toBeLessThanOrEqual(250_000);
  expect(bytes).toBe(layer?.size);
});
