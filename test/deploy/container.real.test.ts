import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startMariaDb } from '../../demo/mariadb-server.js';
import type { MariaDbServer } from '../../demo/mariadb-server.js';
import { startThrottle } from '../../demo/throttle.js';
import type { Throttle } from '../../demo/throttle.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { loadNodeImage } from '../support/debian-node-image.js';
import { tryStartDockerDaemon } from '../support/docker-daemon.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryServer } from '../support/registry-server.js';
import { skopeoInspectRaw } from '../support/skopeo.js';
import { startTemporal } from '../support/temporal-server.js';
import type { TemporalServer } from '../support/temporal-server.js';
import { makeImage, pushImage } from '../support/test-images.js';
import type { MadeManifest } from '../support/test-images.js';
import { projectRoot } from '../support/tools.js';

const layerBytes = 40_000_000;
const heldAfterBytes = 30_000_000;
const graceSeconds = 30;
const token = 'a-token-of-the-test-0123456789';
const patient = { timeout: 60_000 };

const daemon = await tryStartDockerDaemon({ runsContainers: true });
if ('reason' in daemon) process.stderr.write(`skipped, since there is no Docker daemon: ${daemon.reason}\n`);

describe.skipIf('reason' in daemon)('the container image', () => {
  if ('reason' in daemon) return;
  const { program, environment } = daemon;
  /** Ended in reverse order, however far the start came. */
  const closing: (() => Promise<unknown>)[] = [async () => await daemon.stop()];
  let folder: string;
  let source: RegistryServer;
  let proxy: Throttle;
  let aliyun: RegistryServer;
  let own: RegistryServer;
  let mariaDb: MariaDbServer;
  let temporal: TemporalServer;
  let image: MadeManifest;
  let variables: readonly string[];

  beforeAll(async () => {
    await loadNodeImage(daemon, 'node:24-bookworm-slim');
    await docker('build', '--network=host', '--tag=image-ferry', projectRoot);
    [source, aliyun, own] = await Promise.all([
      startRegistry({ kind: 'distribution' }),
      startRegistry({ kind: 'docker-registry' }),
      startRegistry({ kind: 'distribution' }),
    ]);
    closing.push(async () => await Promise.all([source.stop(), aliyun.stop(), own.stop()]));
    mariaDb = await startMariaDb();
    closing.push(async () => await mariaDb.stop());
    temporal = await startTemporal();
    closing.push(async () => await temporal.stop());
    proxy = await startThrottle({ upstream: source.url, bytesPerSecond: 50_000_000 });
    closing.push(async () => await proxy.stop());
    image = await makeImage({ name: 'app', layers: [layerBytes] });
    await pushImage(source, { image, repository: 'org/app', tag: '1' });
    folder = mkdtempSync(join(tmpdir(), 'ferry-container-'));
    // For the user of the image.
    chmodSync(folder, 0o755);
    closing.push(async () => {
      const containers = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
      if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
      rmSync(folder, { recursive: true, force: true });
    });
    writeFileSync(join(folder, 'ferry.yaml'), JSON.stringify({ hosts: { [proxy.host]: { scheme: 'http' } } }));
    variables = Object.entries({
      FERRY_CONFIG: '/etc/image-ferry/ferry.yaml',
      TEMPORAL_ADDRESS: temporal.address,
      MYSQL_HOST: mariaDb.host,
      MYSQL_PORT: String(mariaDb.port),
      MYSQL_USER: mariaDb.user,
      MYSQL_PASSWORD: mariaDb.password,
      ALIYUN_REGISTRY: aliyun.url,
      ALIYUN_NAME_SPACE: 'team',
      MY_REGISTRY: own.url,
      FERRY_SCHEDULES: 'off',
    }).map(([name, value]) => `--env=${name}=${value}`);
  }, 1_800_000);

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  }, 120_000);

  test('built by the Dockerfile, it adds little to its base and has neither a compiler nor sources', async () => {
    const [size = 0, base = 0] = await Promise.all(['image-ferry', 'node:24-bookworm-slim'].map(sizeOf));
    process.stderr.write(`the image adds ${((size - base) / 1e6).toFixed(0)} MB to its base\n`);
    const files = await docker('run', '--rm', '--entrypoint=ls', 'image-ferry', '/app', '/app/dist');

    expect(size - base).toBeGreaterThan(10_000_000);
    expect(size - base).toBeLessThan(250_000_000);
    expect(files.split(/\s+/)).toEqual(expect.arrayContaining(['bin', 'dist', 'node_modules', 'ferry']));
    expect(files).not.toMatch(/src|tsconfig/);
    expect(await docker('run', '--rm', 'image-ferry', '--version')).toMatch(/^\d+\.\d+\.\d+/);
  }, 60_000);

  test('a worker and a server run as an ordinary user on a read-only root; stopped in a copy, another worker continues it', async () => {
    const port = await freePort();
    const server = [`--env=FERRY_LISTEN=127.0.0.1:${port}`, `--env=FERRY_API_TOKEN=${token}`];
    const release = proxy.holdBack(image.blobs[1]?.digest ?? '', heldAfterBytes);
    await start('first', [], 'worker');
    await start('server', server, 'server');
    await expect.poll(async () => await succeeds('exec', 'first', 'ferry', 'worker', '--check'), patient).toBe(true);
    const user = await docker('exec', 'first', 'id', '--user', '--name');
    const isWritable = await succeeds('exec', 'first', 'touch', '/app/x');
    const doctor = await docker('exec', 'first', 'ferry', 'doctor').catch((error: unknown) => (error as Error).cause);
    await expect.poll(async () => (await answerOf(port, '/readyz')).status, patient).toBe(200);
    await docker('exec', 'first', 'ferry', 'add', `${proxy.host}/org/app:1`);
    await expect.poll(bytesRead, patient).toBeGreaterThan(heldAfterBytes - 1_000_000);

    const stopping = Date.now();
    await docker('stop', `--time=${graceSeconds}`, 'first');
    const stoppedAfter = Date.now() - stopping;
    release();
    await start('second', [], 'worker');
    await expect.poll(async () => await shown(port), patient).toMatchObject({ wanted: { pushed: 1 } });
    await docker('stop', `--time=${graceSeconds}`, 'server', 'second');

    expect(user.trim()).toBe('node');
    expect(isWritable).toBe(false);
    expect(doctor).toMatch(/^database +ok/m);
    expect(doctor).toMatch(/^temporal +ok/im);
    expect(stoppedAfter).toBeLessThan(graceSeconds * 1_000);
    const exits = await docker(
      'inspect',
      '--format={{.Name}} {{.State.ExitCode}} {{.HostConfig.ReadonlyRootfs}}',
      'first',
      'second',
      'server',
    );
    expect(exits.trim().split('\n')).toEqual(['/first 0 true', '/second 0 true', '/server 0 true']);
    for (const [registry, repository] of [
      [aliyun, 'team/app'],
      [own, 'org/app'],
    ] as const) {
      const bytes = await skopeoInspectRaw({ registry, repository, reference: '1' });
      expect(bytes.equals(image.bytes), repository).toBe(true);
    }
    // Most of what the first one had sent was not read again.
    expect(bytesRead()).toBeLessThan(layerBytes + heldAfterBytes / 2);
  }, 240_000);

  async function docker(...args: string[]): Promise<string> {
    // The builder of every daemon since 20.10; BuildKit would need a plugin.
    const env = { ...environment, DOCKER_BUILDKIT: '0' };
    try {
      const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: 64 * 1024 * 1024 });
      return stdout;
    } catch (error) {
      throw new Error(`docker ${args[0] ?? ''} failed`, { cause: outputOf(error) });
    }
  }

  async function succeeds(...args: string[]): Promise<boolean> {
    return await docker(...args).then(
      () => true,
      () => false,
    );
  }

  async function start(name: string, more: readonly string[], command: string): Promise<void> {
    const bounds = [
      '--read-only',
      '--tmpfs=/tmp',
      '--cap-drop=ALL',
      '--security-opt=no-new-privileges',
      '--memory=1536m',
    ];
    const config = `--volume=${folder}:/etc/image-ferry:ro`;
    await docker(
      'run',
      '--detach',
      '--init',
      `--name=${name}`,
      '--network=host',
      ...bounds,
      config,
      ...variables,
      ...more,
      'image-ferry',
      command,
    );
  }

  async function sizeOf(name: string): Promise<number> {
    return Number(await docker('image', 'inspect', '--format={{.Size}}', name));
  }

  async function answerOf(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      // Docker accepts a connection before the container listens, and `fetch` may wait for ever for one that is closed.
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    return answer === undefined ? { status: 0, text: '{}' } : { status: answer.status, text: await answer.text() };
  }

  async function shown(port: number): Promise<unknown> {
    return JSON.parse((await answerOf(port, '/api/status')).text);
  }

  function bytesRead(): number {
    return proxy.reads().find(({ digest }) => digest === image.blobs[1]?.digest)?.bytes ?? 0;
  }
});

/** What a command has printed before it failed. */
function outputOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error);
}
