import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

import type { LineStats } from '../../../demo/line/line.js';
import { startLine } from '../../../demo/line/start-line.js';
import { startCraneRegistry } from '../../../test/support/crane-registry.js';
import { startNginxFront } from '../../../test/support/nginx-front.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { makeImage, pushImage } from '../../../test/support/test-images.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

const megabyte = 1_000_000;
const layers = {
  /** Larger than what the buffers of the line take at once, between two breaks too. */
  large: { bytes: 100 * megabyte, breaksAfterBytes: 24 * megabyte },
  small: { bytes: 30 * megabyte, breaksAfterBytes: 10 * megabyte },
} as const;
const repository = 'team/app';

interface Server {
  readonly host: string;
  stop(): Promise<void>;
}

/** Many megabytes move over a slow line. */
vi.setConfig({ testTimeout: 180_000 });

let source: RegistryServer;

beforeAll(async () => {
  source = await startRegistry({ kind: 'distribution' });
  for (const [tag, { bytes }] of Object.entries(layers)) {
    await pushImage(source, { image: await makeImage({ name: tag, layers: [bytes] }), repository, tag });
  }
});
afterAll(() => source.stop());

async function startBuffered(): Promise<Server> {
  const registry = await startRegistry({ kind: 'docker-registry' });
  const front = await startNginxFront(registry, { bodyLimit: '0', requestBuffering: true });
  return {
    host: front.host,
    stop: async () => {
      await front.stop();
      await registry.stop();
    },
  };
}

/** Copies over a line that resets each connection after some bytes. */
async function copyOver(
  server: Server,
  tag: keyof typeof layers = 'small',
): Promise<{ readonly report: CopyReport; readonly stats: LineStats; readonly continued: readonly number[] }> {
  const line = await startLine({
    to: { port: Number(server.host.split(':')[1]) },
    roundTripMs: 20,
    bytesPerSecond: { connection: 20 * megabyte },
    reset: { afterBytes: layers[tag].breaksAfterBytes, direction: 'up' },
  });
  onTestFinished(async () => {
    await line.close();
    await server.stop();
  });
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    trustedHosts: new Set([source.host, line.host]),
    timing: { backoffMs: 50 },
  });
  onTestFinished(() => client.close());
  const continued: number[] = [];
  const report = await copyImage(
    client,
    {
      source: parseImageReference(`${source.host}/${repository}:${tag}`),
      platforms: 'all',
      targets: [{ name: 'target', host: line.host, repository, tag, manifestPolicy: 'keep' }],
    },
    {
      onProgress: (event) => {
        if (event.type === 'continued') continued.push(event.offset);
      },
    },
  );
  const stats = await line.stats();
  return { report, stats, continued };
}

test('distribution 3 gets a large layer over a line that breaks: hardly a byte is sent or read twice', async () => {
  const { report, stats, continued } = await copyOver(await startRegistry({ kind: 'distribution' }), 'large');

  expect(report.failures).toEqual([]);
  expect(continued.length).toBeGreaterThan(2);
  expect(stats.forwarded.up).toBeLessThan(1.05 * layers.large.bytes);
  expect(report.bytesRead).toBeLessThan(1.02 * layers.large.bytes);
});

test('distribution 2.8 forgets a broken upload, and gets the layer in chunks that the line lets through', async () => {
  const { report, stats } = await copyOver(await startRegistry({ kind: 'docker-registry' }));

  expect(report.failures).toEqual([]);
  expect(stats.resets).toBe(1);
});

test('distribution 2.8 behind nginx with its default settings gets a large layer over a line that breaks: hardly a byte is sent or read twice', async () => {
  const { report, stats } = await copyOver(await startBuffered(), 'large');

  expect(report.failures).toEqual([]);
  expect(stats.resets).toBe(1);
  expect(stats.forwarded.up).toBeLessThan(1.05 * layers.large.bytes);
  expect(report.bytesRead).toBeLessThan(1.02 * layers.large.bytes);
});

test('distribution 2.8 behind nginx keeps the finished chunks of a layer that began in one request', async () => {
  const { report, stats } = await copyOver(await startBuffered());

  expect(report.failures).toEqual([]);
  expect(stats.resets).toBe(1);
});

test('the registry of go-containerregistry answers no questions about uploads, and gets the layer in chunks', async () => {
  const { report } = await copyOver(await startCraneRegistry());

  expect(report.failures).toEqual([]);
});
