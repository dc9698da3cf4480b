import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { dockerDaemon } from '../../src/consumers/docker-daemon.js';
import { NamingScheme } from '../../src/domain/target.js';
import { tryStartDockerDaemon } from '../support/docker-daemon.js';
import { startRegistry } from '../support/registry-server.js';
import { makeImage, pushImage } from '../support/test-images.js';
import { indexOf, mirrored } from './mirror-stage.js';

const probe = await tryStartDockerDaemon();
if ('reason' in probe) process.stderr.write(`skipped, since there is no Docker daemon: ${probe.reason}\n`);
else await probe.stop();

test.skipIf('reason' in probe)(
  "dockerd takes daemon.json, and pulls Docker Hub's images from the mirror",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferry-daemon-json-'));
    const mirror = await startRegistry({ kind: 'distribution' });
    try {
      const image = await makeImage({ name: 'nginx', layers: [100_000] });
      await pushImage(mirror, { image, repository: 'library/nginx', tag: '1.27' });
      const { names } = indexOf([mirrored('docker.io/library/nginx:1.27', { repository: 'library/nginx' })]);
      const target = { name: 'own', registry: mirror.host, namespace: '', naming: NamingScheme.flat };
      const { files, gaps } = dockerDaemon(names, names, { target, host: mirror.host, isPlain: true });
      const configFile = join(folder, 'daemon.json');
      writeFileSync(configFile, files[0]?.text ?? '');

      const daemon = await tryStartDockerDaemon({ configFile });
      if ('reason' in daemon) throw new Error(daemon.reason);
      try {
        // Nothing here reaches Docker Hub.
        await daemon.docker('pull', 'nginx:1.27');

        const digests = await daemon.docker('image', 'inspect', '--format={{json .RepoDigests}}', 'nginx:1.27');
        expect(JSON.parse(digests)).toEqual([`nginx@${image.digest}`]);
        expect(gaps).toEqual([]);
      } finally {
        await daemon.stop();
      }
    } finally {
      await mirror.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
