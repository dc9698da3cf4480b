import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';

import { pushImage } from '../../../demo/image-exchange.js';
import { startLine } from '../../../demo/line/start-line.js';
import { makeImage } from '../../../demo/make-images.js';
import { startRegistry } from '../../../demo/registry-server.js';
import { copyImage, createRegistryClient } from '../src/index.js';

const layerBytes = 32_000_000;

/** Copies one large layer to two targets behind lines with these rates. @returns bytes read over bytes of the blobs */
async function readFor(
  rates: readonly [number, number],
  onTestFinished: TestContext['onTestFinished'],
): Promise<number> {
  const [source, ...targets] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  const lines = await Promise.all(
    targets.map(async ({ url }, position) =>
      startLine({
        to: { port: Number(new URL(url).port) },
        roundTripMs: 40,
        bytesPerSecond: { connection: rates[position] },
      }),
    ),
  );
  const trustedHosts = new Set([source.host, ...lines.map(({ host }) => host)]);
  const client = createRegistryClient({ credentials: async () => await Promise.resolve(undefined), trustedHosts });
  onTestFinished(async () => {
    client.close();
    await Promise.all([...lines.map(async (line) => await line.close()), source.stop()]);
    await Promise.all(targets.map(async (target) => await target.stop()));
  });
  const image = await makeImage({ name: 'equal', layers: [layerBytes] });
  await pushImage(source, { image, repository: 'team/app', tag: '1' });

  const report = await copyImage(client, {
    source: { host: source.host, path: 'team/app', tag: '1' },
    platforms: 'all',
    targets: lines.map(({ host }, position) => ({
      name: `t${position}`,
      host,
      repository: 'team/app',
      tag: '1',
      manifestPolicy: 'keep' as const,
    })),
  });

  expect(report.failures).toEqual([]);
  const bytes = image.blobs.reduce((sum, { size }) => sum + size, 0);
  return report.bytesRead / bytes;
}

describe.concurrent('two targets of one read', () => {
  test(
    'a target that is a tenth slower than the other does not get a read of its own',
    { timeout: 60_000 },
    async ({ onTestFinished }) => {
      expect(await readFor([4_000_000, 3_600_000], onTestFinished)).toBeLessThan(1.01);
    },
  );

  test(
    'a target that is many times slower gets the rest by a read of its own',
    { timeout: 60_000 },
    async ({ onTestFinished }) => {
      expect(await readFor([24_000_000, 2_000_000], onTestFinished)).toBeGreaterThan(1.01);
    },
  );
});
