import { expect, onTestFinished, test } from 'vitest';

import { startLine } from '../../../demo/line/start-line.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryOptions } from '../../../test/support/registry-server.js';
import { makeImage, pushImage } from '../../../test/support/test-images.js';
import { copyImage } from '../src/copy-image.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

const mebibyte = 1024 * 1024;

test.each<[string, RegistryOptions]>([
  ['distribution 3', { kind: 'distribution' }],
  ['distribution 3 over TLS', { kind: 'distribution', tls: true }],
  ['distribution 2.8', { kind: 'docker-registry' }],
])(
  'a large layer of %s on a line whose connections are slow is read by ranges over several of them',
  async (_, options) => {
    const [source, target] = await Promise.all([startRegistry(options), startRegistry({ kind: 'distribution' })]);
    const image = await makeImage({ name: 'large', layers: [24 * mebibyte] });
    await pushImage(source, { image, repository: 'team/app', tag: 'v1' });
    const line = await startLine({
      to: { port: source.port },
      roundTripMs: 20,
      bytesPerSecond: { connection: 3 * mebibyte, line: 20 * mebibyte },
    });
    const scheme = options.tls === undefined ? 'http' : 'https';
    const client = createRegistryClient({
      credentials: () => Promise.resolve(undefined),
      trustedHosts: new Set([target.host]),
      hosts: new Map([[line.host, { scheme, ...(source.ca === undefined ? {} : { ca: source.ca }) }]]),
      timing: { rateWindowMs: 150 },
    });
    onTestFinished(async () => {
      client.close();
      await line.close();
      await Promise.all([source.stop(), target.stop()]);
    });

    const report = await copyImage(client, {
      source: parseImageReference(`${line.host}/team/app:v1`),
      platforms: 'all',
      targets: [{ name: 'target', host: target.host, repository: 'mirror/app', tag: 'v1', manifestPolicy: 'keep' }],
    });

    expect(report.failures).toEqual([]);
    const layer = image.blobs.find(({ size }) => size > mebibyte);
    const requests = await source.requests();
    const ranges = requests.filter(({ method, path, status }) => {
      return method === 'GET' && path.includes(layer?.digest ?? 'none') && status === 206;
    });
    expect(ranges.length).toBeGreaterThan(3);
    expect(report.bytesRead).toBeLessThan(1.1 * 24 * mebibyte);
  },
  60_000,
);
