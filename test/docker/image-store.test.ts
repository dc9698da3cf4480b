import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parsePlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';
import { expect, onTestFinished, test } from 'vitest';

import { DockerEngine } from '../../src/docker/docker-engine.js';

test("a daemon with containerd's image store is rejected before any pull, with what to do", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-docker-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'docker');
  // The output of `docker info` of Docker 29; a pull would be an unexpected command.
  const answer = '[["driver-type","io.containerd.snapshotter.v1"]]';
  const script = `if (process.argv[2] === 'info') console.log('${answer}'); else process.exitCode = Number(process.argv[2] !== 'image');`;
  writeFileSync(program, `#!${process.execPath}\n${script}`);
  chmodSync(program, 0o755);
  const engine = new DockerEngine({
    program,
    environment: {},
    isInsecure: () => false,
    credentials: async () => await Promise.resolve(undefined),
  });

  const copy = engine.copy({
    source: parseImageReference('nginx:1.27'),
    platforms: parsePlatformSelection('linux/amd64'),
    targets: [{ name: 'private', host: 'registry.example.com', repository: 'library/nginx', tag: '1.27' }],
  });

  await expect(copy).rejects.toMatchObject({ code: 'configuration', decision: 'block', side: 'daemon' });
  await expect(copy).rejects.toThrow('"containerd-snapshotter": false');
});
