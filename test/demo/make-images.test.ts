import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { blobsOf, makeAttestation, makeImage, makeIndex, makeLayer } from '../support/test-images.js';

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

test('a layer is a gzip of a tar archive, and is what its digest, size and diff id say', async () => {
  const layer = await makeLayer('thing', 1_000_003);

  const bytes = await buffer(layer.open());
  const tar = gunzipSync(bytes);

  expect(digestOf(bytes)).toBe(layer.digest);
  expect(bytes.length).toBe(layer.size);
  expect(digestOf(tar)).toBe(layer.diffId);
  expect(tar.toString('latin1', 0, 13)).toBe('opt/thing.bin');
  expect(tar.length % 512).toBe(0);
});

test('the same name gives the same image, another name another one', async () => {
  const options = { name: 'one', layers: [2000, 30] };

  const [first, again, other] = await Promise.all([
    makeImage(options),
    makeImage(options),
    makeImage({ ...options, name: 'two' }),
  ]);

  expect(again.digest).toBe(first.digest);
  expect(other.digest).not.toBe(first.digest);
});

test('an index names its images by platform and says which attestation belongs to which', async () => {
  const amd64 = await makeImage({ name: 'app', layers: [100] });
  const arm64 = await makeImage({ name: 'app', layers: [100], platform: 'linux/arm64/v8' });

  const index = makeIndex([amd64, arm64, makeAttestation(amd64, 'artifact')]);
  const { manifests } = JSON.parse(index.bytes.toString()) as { manifests: readonly object[] };

  expect(manifests).toMatchObject([
    { digest: amd64.digest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: arm64.digest, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { platform: { os: 'unknown' }, annotations: { 'vnd.docker.reference.digest': amd64.digest } },
  ]);
  expect(blobsOf(index)).toHaveLength(6);
});
