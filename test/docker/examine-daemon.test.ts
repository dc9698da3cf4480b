import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { examineDaemon } from '../../src/docker/examine-daemon.js';

/** A `docker` command that answers with a Node script. */
function docker(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-docker-examine-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'docker');
  writeFileSync(program, `#!${process.execPath}\n${script}`);
  chmodSync(program, 0o755);
  return program;
}

const { signal } = new AbortController();

test('a docker command and a daemon that answer are reported with their versions', async () => {
  const program = docker(`
    if (process.argv[2] === 'info') console.log('[["Backing Filesystem","extfs"]]');
    else if (process.argv[2] === 'version' && process.env.DOCKER_CONFIG === '/home/me/.docker') console.log('26.1.5 24.0.9');
    else process.exitCode = 1;`);

  const versions = await examineDaemon({ program, environment: {}, userConfigFolder: '/home/me/.docker' }, signal);

  expect(versions).toEqual({ client: '26.1.5', daemon: '24.0.9' });
});

test.each([
  [
    `console.error('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'); process.exitCode = 1;`,
    /start the Docker daemon/,
  ],
  [
    `console.log(process.argv[2] === 'info' ? '[["driver-type","io.containerd.snapshotter.v1"]]' : '29.0.0 29.0.0');`,
    /"containerd-snapshotter": false/,
  ],
])('a docker daemon that cannot be used is reported with what to do: %s', async (script, advice) => {
  await expect(examineDaemon({ program: docker(script), environment: {} }, signal)).rejects.toThrow(advice);
});

test('a missing docker command is reported with what to install', async () => {
  const program = join(tmpdir(), 'ferry-no-such-docker');

  await expect(examineDaemon({ program, environment: {} }, signal)).rejects.toThrow(/install Docker's command line/);
});
