import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { readManifest } from '../../../demo/image-exchange.js';
import { startLine } from '../../../demo/line/start-line.js';
import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { makeImage, pushImage } from '../../../test/support/test-images.js';
import { UploadMemory } from '../../../test/support/upload-memory.js';
import { copyImage } from '../src/copy-image.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

const megabyte = 1_000_000;
const repository = 'team/app';

vi.setConfig({ testTimeout: 120_000 });

test.each(['distribution', 'docker-registry'] as const)(
  'an upload of which %s has lost what its full disk did not take is replaced by a new one',
  async (kind) => {
    const [source, target] = await Promise.all([startRegistry({ kind: 'distribution' }), startRegistry({ kind })]);
    const image = await makeImage({ name: 'damaged', layers: [40 * megabyte] });
    await pushImage(source, { image, repository, tag: '1' });
    const line = await startLine({
      to: { port: target.port },
      roundTripMs: 1,
      bytesPerSecond: { connection: 20 * megabyte },
    });
    const uploads = new UploadMemory();
    const copy = async (stopAfterBytes?: number) => {
      const client = createRegistryClient({
        credentials: () => Promise.resolve(undefined),
        trustedHosts: new Set([source.host, line.host]),
        timing: { backoffMs: 50 },
        uploads,
      });
      const stop = new AbortController();
      let sent = 0;
      try {
        return await copyImage(
          client,
          {
            source: parseImageReference(`${source.host}/${repository}:1`),
            platforms: 'all',
            targets: [{ name: 'target', host: line.host, repository, tag: '1', manifestPolicy: 'keep' }],
          },
          {
            signal: stop.signal,
            onProgress(event) {
              if (event.type === 'sent') sent += event.bytes;
              if (sent > (stopAfterBytes ?? Infinity)) stop.abort(new Error('stopped'));
            },
          },
        );
      } finally {
        client.close();
      }
    };
    onTestFinished(async () => {
      await line.close();
      await Promise.all([source.stop(), target.stop()]);
    });
    await copy(24 * megabyte).catch(() => undefined);
    const emptied = await vi.waitUntil(() => emptyHashStates(target), { timeout: 20_000 });

    const report = await copy();

    expect(emptied).toBeGreaterThan(0);
    expect(report.failures).toEqual([]);
    expect((await readManifest(target, repository, '1'))?.digest).toBe(image.digest);
  },
);

/** What distribution has recorded of its uploads beside their bytes. @returns how many records were emptied */
function emptyHashStates({ storagePath }: RegistryServer): number {
  const uploads = join(storagePath, 'docker', 'registry', 'v2', 'repositories', repository, '_uploads');
  const files = readdirSync(uploads, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.parentPath.includes('hashstates') && entry.name !== '0',
  );
  for (const { parentPath, name } of files) truncateSync(join(parentPath, name));
  return files.length;
}
