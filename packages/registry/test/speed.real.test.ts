import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { pushImage } from '../../../demo/image-exchange.js';
import { startLine } from '../../../demo/line/start-line.js';
import { makeImage } from '../../../demo/make-images.js';
import type { MadeManifest } from '../../../demo/make-images.js';
import { startRegistry } from '../../../demo/registry-server.js';
import type { RegistryServer } from '../../../demo/registry-server.js';
import { createRegistryClient, largestBlob, measureDownloads, measureUploads } from '../src/index.js';
import type { RegistryClient } from '../src/index.js';

const rate = 2_000_000;
const signal = new AbortController().signal;
const noCredentials = async () => await Promise.resolve(undefined);

/** A client for the registry behind a line. */
function clientFor(host: string): RegistryClient {
  const client = createRegistryClient({ credentials: noCredentials, trustedHosts: new Set([host]) });
  onTestFinished(() => client.close());
  return client;
}

let kept: RegistryServer;
let forgetful: RegistryServer;
let image: MadeManifest;

beforeAll(async () => {
  [kept, forgetful] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'docker-registry' }),
  ]);
  image = await makeImage({ name: 'speed', layers: [3_000_000, 1_000] });
  await pushImage(kept, { image, repository: 'team/app', tag: '1' });
});
afterAll(async () => {
  await Promise.all([kept.stop(), forgetful.stop()]);
});

async function slowLineTo(registry: RegistryServer) {
  const port = Number(new URL(registry.url).port);
  return await startLine({ to: { port }, roundTripMs: 40, bytesPerSecond: { connection: rate } });
}

test('uploads are measured over one and several connections, a broken one continues, and nothing is left behind', async () => {
  const line = await slowLineTo(kept);
  const repo = { side: 'target', host: line.host, repository: 'team/probe' } as const;

  const speed = await measureUploads(clientFor(line.host), repo, { signal, seconds: 0.5, connections: 3 });
  await line.close();

  expect(speed.roundTripMs).toBeGreaterThanOrEqual(40);
  expect(speed.rate).toBeLessThan(1.3 * rate);
  expect(speed.rateOfSeveral).toBeGreaterThan(speed.rate);
  expect(speed).toMatchObject({ connections: 3, afterBreak: 'continues' });
  expect(speed.keptBytes).toBeGreaterThan(0);
  const requests = await kept.requests();
  const opened = requests.filter(({ method, path }) => method === 'POST' && path.includes('team/probe'));
  const cancelled = requests.filter(({ method, path }) => method === 'DELETE' && path.includes('team/probe'));
  expect(cancelled).toHaveLength(opened.length);
});

test('a registry that loses a broken request is reported', async () => {
  const line = await slowLineTo(forgetful);
  const repo = { side: 'target', host: line.host, repository: 'team/probe' } as const;

  const speed = await measureUploads(clientFor(line.host), repo, { signal, seconds: 0.2, connections: 2 });
  await line.close();

  expect(speed).toMatchObject({ afterBreak: 'forgets', keptBytes: 0 });
});

test('reads are measured by parts of the largest blob of an image', async () => {
  const line = await slowLineTo(kept);
  const repo = { side: 'source', host: line.host, repository: 'team/app' } as const;

  const client = clientFor(line.host);
  const blob = await largestBlob(client, repo, image.digest, signal);
  expect(blob?.size).toBeGreaterThan(2_900_000);
  if (blob === undefined) return;
  const speed = await measureDownloads(client, repo, blob, { signal, seconds: 0.5, connections: 3 });
  await line.close();

  expect(speed.ranges).toBe(true);
  expect(speed.rate).toBeLessThan(1.3 * rate);
  expect(speed.rateOfSeveral).toBeGreaterThan(speed.rate);
});
