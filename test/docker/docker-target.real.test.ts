import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { tryStartDockerDaemon } from '../support/docker-daemon.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryServer } from '../support/registry-server.js';
import { skopeoInspectRaw } from '../support/skopeo.js';
import { makeImage, makeIndex, pushImage } from '../support/test-images.js';
import type { MadeManifest } from '../support/test-images.js';

const daemon = await tryStartDockerDaemon();
if ('reason' in daemon) process.stderr.write(`skipped, since there is no Docker daemon: ${daemon.reason}\n`);

describe.skipIf('reason' in daemon)('a target with "engine: docker"', () => {
  if ('reason' in daemon) return;
  let source: RegistryServer;
  let direct: RegistryServer;
  let byDocker: RegistryServer;
  let stage: FerryStage;
  let index: MadeManifest;
  let amd64: MadeManifest;

  beforeAll(async () => {
    [source, direct, byDocker] = await Promise.all([
      startRegistry({ kind: 'distribution' }),
      startRegistry({ kind: 'distribution' }),
      startRegistry({ kind: 'docker-registry', htpasswd: { user: 'captain', password: 'sec:ret' } }),
    ]);
    amd64 = await makeImage({ name: 'app', layers: [300_000, 10] });
    const arm64 = await makeImage({ name: 'app', layers: [200_000, 10], platform: 'linux/arm64' });
    index = makeIndex([amd64, arm64]);
    await pushImage(source, { image: index, repository: 'team/app', tag: 'v1' });

    stage = makeFerryStage({
      configuration: {
        hosts: { [source.host]: { scheme: 'http' } },
        targets: { private: { engine: 'docker' } },
      },
      environment: {
        ALIYUN_REGISTRY: direct.url,
        ALIYUN_NAME_SPACE: 'mirror',
        MY_REGISTRY: byDocker.url,
        MY_REGISTRY_USER: 'captain',
        MY_REGISTRY_PASSWORD: 'sec:ret',
        DOCKER_HOST: daemon.environment['DOCKER_HOST'] ?? '',
      },
    });
    const programs = join(stage.folder, 'programs');
    mkdirSync(programs);
    symlinkSync(daemon.program, join(programs, 'docker'));
    stage.environment['PATH'] = `${programs}${delimiter}${stage.environment['PATH'] ?? ''}`;
    await stage.up();
  });

  afterAll(async () => {
    await stage.clear();
    await Promise.all([source, direct, byDocker].map((server) => server.stop()));
    await daemon.stop();
  });

  test("a target with engine docker gets the image through the daemon, and its digest is recorded beside the source's", async () => {
    await stage.ferry('add', `${source.host}/team/app:v1`);

    const summary = await stage.ask<SyncAllResult>('sync', '--wait');

    expect(summary).toMatchObject({ retrying: 0, blocked: 0, waiting: 0 });
    const copied = await skopeoInspectRaw({ registry: direct, repository: 'mirror/app', reference: 'v1' });
    expect(copied.equals(amd64.bytes)).toBe(true);
    const remade = await skopeoInspectRaw({ registry: byDocker, repository: 'team/app', reference: 'v1' });
    expect(JSON.parse(remade.toString())).toMatchObject({ config: { digest: amd64.blobs[0]?.digest } });
    const pushed = await stage.ask<{ registry: string; digest: string; sourceDigest: string }[]>('list', 'pushed');
    expect(new Set(pushed.map(({ sourceDigest }) => sourceDigest))).toEqual(new Set([index.digest]));
    expect(new Set(pushed.map(({ digest }) => digest)).size).toBe(2);
    expect(await daemon.docker('image', 'ls', '--all', '--quiet')).toBe('');
  });
});
