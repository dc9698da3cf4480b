import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { parsePlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { DockerEngine } from '../../src/docker/docker-engine.js';
import type {
  DockerCopyReport,
  DockerCopyRequest,
  DockerProgress,
  DockerSettings,
  DockerTarget,
} from '../../src/docker/docker-types.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import { tryStartDockerDaemon } from '../support/docker-daemon.js';
import { startRegistry } from '../support/registry-server.js';
import type { RegistryServer } from '../support/registry-server.js';
import { skopeoInspectRaw } from '../support/skopeo.js';
import { blobOf, makeAttestation, makeImage, makeIndex, pushImage, sha256 } from '../support/test-images.js';
import type { MadeManifest } from '../support/test-images.js';

const list = 'application/vnd.docker.distribution.manifest.list.v2+json';
const schema2 = 'application/vnd.docker.distribution.manifest.v2+json';
const login = { user: 'captain', password: 'sec:ret' };

const daemon = await tryStartDockerDaemon();
if ('reason' in daemon) process.stderr.write(`skipped, since there is no Docker daemon: ${daemon.reason}\n`);

describe.skipIf('reason' in daemon)('the docker engine, with a daemon', () => {
  if ('reason' in daemon) return;
  const { docker, program, environment } = daemon;
  let source: RegistryServer;
  let open: RegistryServer;
  let closed: RegistryServer;
  let index: MadeManifest;
  let [amd64, armv7]: MadeManifest[] = [];

  beforeAll(async () => {
    [source, open, closed] = await Promise.all([
      startRegistry({ kind: 'distribution' }),
      startRegistry({ kind: 'docker-registry' }),
      startRegistry({ kind: 'distribution', htpasswd: login }),
    ]);
    amd64 = await makeImage({ name: 'app', layers: [300_000, 10] });
    armv7 = await makeImage({ name: 'app', layers: [200_000, 10], platform: 'linux/arm/v7' });
    index = makeIndex([amd64, makeAttestation(amd64, 'artifact'), armv7]);
    await pushImage(source, { image: index, repository: 'team/app', tag: 'v1' });
    await pushImage(source, { image: amd64, repository: 'team/single', tag: 'v1' });
  });

  afterEach(async () => {
    for (const id of await imageIds()) await docker('image', 'rm', '--force', id).catch(() => undefined);
  });

  afterAll(async () => {
    await Promise.all([source, open, closed].map((server) => server.stop()));
    await daemon.stop();
  });

  async function imageIds(): Promise<string[]> {
    return (await docker('image', 'ls', '--all', '--quiet')).split('\n').filter(Boolean);
  }

  /** Temporary folders with passwords. */
  function configFolders(): string[] {
    return readdirSync(tmpdir()).filter((name) => name.startsWith(`image-ferry-docker-${process.pid}-`));
  }

  async function names(): Promise<string[]> {
    const format = '{{.Repository}}:{{.Tag}}';
    return (await docker('image', 'ls', `--format=${format}`)).split('\n').filter(Boolean).toSorted();
  }

  function engine(changes: Partial<DockerSettings> = {}): DockerEngine {
    return new DockerEngine({
      program,
      environment,
      isInsecure: () => true,
      credentials: async (host) =>
        await Promise.resolve(host === closed.host ? { username: login.user, password: login.password } : undefined),
      ...changes,
    });
  }

  function targetAt(server: RegistryServer, changes: Partial<DockerTarget> = {}): DockerTarget {
    return {
      name: server === open ? 'open' : 'closed',
      host: server.host,
      repository: 'mirror/app',
      tag: 'v1',
      ...changes,
    };
  }

  function request(platforms: string, changes: Partial<DockerCopyRequest> = {}): DockerCopyRequest {
    return {
      source: parseImageReference(`${source.host}/team/app:v1`),
      platforms: parsePlatformSelection(platforms),
      targets: [targetAt(open)],
      ...changes,
    };
  }

  /** One layer, and a configuration with this platform. */
  async function pushSingle(repository: string, platform: object): Promise<void> {
    const made = await makeImage({ name: repository.replaceAll('/', '-'), layers: [100], format: 'docker' });
    const [config, layer] = made.blobs;
    if (config === undefined || layer === undefined) throw new Error('the image has no blobs');
    const original = JSON.parse((await buffer(config.open())).toString()) as object;
    const { os: _os, architecture: _architecture, ...rest } = original as Readonly<Record<string, unknown>>;
    const open = blobOf(Buffer.from(JSON.stringify({ ...rest, ...platform })));
    const json = JSON.parse(made.bytes.toString()) as { readonly config: object };
    const bytes = Buffer.from(
      JSON.stringify({ ...json, config: { ...json.config, digest: open.digest, size: open.size } }),
    );
    const image = { ...made, blobs: [open, layer], bytes, digest: sha256(bytes) };
    await pushImage(source, { image, repository, tag: 'v1' });
  }

  async function manifestAt(registry: RegistryServer, reference: string): Promise<Record<string, unknown>> {
    const raw = await skopeoInspectRaw({ registry, repository: 'mirror/app', reference });
    return JSON.parse(raw.toString()) as Record<string, unknown>;
  }

  test('the docker engine copies one platform to every target with its configuration and leaves the daemon empty', async () => {
    const seen: DockerProgress[] = [];

    const report = await engine().copy(request('linux/arm/v7', { targets: [targetAt(open), targetAt(closed)] }), {
      onProgress: (progress) => seen.push(progress),
    });

    expect(report).toMatchObject({ sourceDigest: index.digest, missingPlatforms: [], failures: [], leftBehind: [] });
    expect(report.targets.map(({ target, mediaType }) => [target, mediaType])).toEqual([
      ['open', schema2],
      ['closed', schema2],
    ]);
    for (const registry of [open, closed]) {
      expect(await manifestAt(registry, 'v1')).toMatchObject({ config: { digest: armv7?.blobs[0]?.digest } });
    }
    expect(report.targets[0]).toMatchObject({
      platforms: [{ platform: 'linux/arm/v7', digest: report.targets[0]?.digest }],
      pushedLayers: 2,
    });
    expect(report.targets[0]?.digest).not.toBe(armv7?.digest);
    expect(seen.map(({ step, state }) => `${step} ${state}`)).toContain('pull Pull complete');
    expect(seen.map(({ step, state }) => `${step} ${state}`)).toContain('push Pushed');
    expect(await imageIds()).toEqual([]);
    expect(configFolders()).toEqual([]);
  });

  test('the docker engine copies several platforms as a list of exactly these and reports a missing one', async () => {
    const report = await engine().copy(
      request('linux/amd64,linux/arm/v7,linux/s390x', { targets: [targetAt(closed, { tag: 'list' })] }),
    );

    expect(report).toMatchObject({ missingPlatforms: ['linux/s390x'], failures: [], leftBehind: [] });
    const [result] = report.targets;
    expect(result?.mediaType).toBe(list);
    const { mediaType, manifests } = await manifestAt(closed, 'list');
    expect(mediaType).toBe(list);
    expect(manifests).toHaveLength(2);
    // Docker orders them in its own way.
    expect(manifests).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          platform: { os: 'linux', architecture: 'amd64' },
          digest: result?.platforms[0]?.digest,
        }),
        expect.objectContaining({
          platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
          digest: result?.platforms[1]?.digest,
        }),
      ]),
    );
    expect(await manifestAt(closed, result?.platforms[0]?.digest ?? '')).toMatchObject({
      config: { digest: amd64?.blobs[0]?.digest },
    });
    expect(await imageIds()).toEqual([]);
  });

  test("the docker engine copies all platforms of the source's index", async () => {
    const arm64 = await makeImage({ name: 'app', layers: [100_000], platform: 'linux/arm64', format: 'docker' });
    const own = await makeImage({ name: 'app', layers: [100_000], format: 'docker' });
    // A Docker manifest list, which every version of the command can read.
    const both = makeIndex([arm64, own], { format: 'docker' });
    await pushImage(source, { image: both, repository: 'team/both', tag: 'v1' });

    const report = await engine().copy(
      request('all', {
        source: parseImageReference(`${source.host}/team/both:v1`),
        targets: [targetAt(open, { tag: 'all' })],
      }),
    );

    expect(report).toMatchObject({ sourceDigest: both.digest, missingPlatforms: [], failures: [], leftBehind: [] });
    expect(report.targets[0]?.platforms.map(({ platform }) => platform)).toEqual(['linux/arm64', 'linux/amd64']);
    expect(await imageIds()).toEqual([]);
  });

  test('the docker engine pushes to two targets on one registry with an account each', async () => {
    const report = await engine({
      credentials: async (host, _, target) =>
        await Promise.resolve(
          host === closed.host
            ? { username: login.user, password: target === 'stranger' ? 'wrong-secret' : login.password }
            : undefined,
        ),
    }).copy(
      request('linux/amd64', {
        targets: [targetAt(closed), targetAt(closed, { name: 'stranger', repository: 'other/app' })],
      }),
    );

    expect(report.targets.map(({ target }) => target)).toEqual(['closed']);
    expect(report.failures).toMatchObject([{ target: 'stranger', failure: { code: 'unauthorized' } }]);
  });

  test('the docker engine copies several platforms of a reference by digest', async () => {
    const report = await engine().copy(
      request('linux/amd64,linux/arm/v7', {
        source: parseImageReference(`${source.host}/team/app@${index.digest}`),
        targets: [targetAt(open, { tag: 'by-digest' })],
      }),
    );

    expect(report).toMatchObject({ sourceDigest: index.digest, failures: [], leftBehind: [] });
    expect(report.targets[0]?.platforms).toHaveLength(2);
    expect(await imageIds()).toEqual([]);
  });

  test('the docker engine keeps existing images of the daemon under their names', async () => {
    await docker('pull', '--platform=linux/arm/v7', `${source.host}/team/app:v1`);
    await docker('tag', `${source.host}/team/app:v1`, 'mine:own');
    await docker('tag', 'mine:own', `${open.host}/mirror/app:v1`);
    await docker('tag', 'mine:own', `${open.host}/mirror/app:other`);
    const before = await names();
    const mine = await docker('image', 'inspect', '--format={{.Id}}', 'mine:own');

    const report = await engine().copy(request('linux/amd64'));

    expect(report).toMatchObject({ failures: [], leftBehind: [] });
    expect(await names()).toEqual(before);
    for (const name of before) expect(await docker('image', 'inspect', '--format={{.Id}}', name)).toBe(mine);
    expect(new Set(await imageIds()).size).toBe(1);
  });

  test('the docker engine books each pull in advance and pulls nothing when the allowance is used up', async () => {
    let booked = 0;
    const spent = new FerryError('the allowance is spent', { code: 'rate-limited', decision: 'wait' });
    const beforePull = async (): Promise<void> => {
      booked += 1;
      return await Promise.resolve();
    };

    await engine().copy(request('linux/amd64,linux/arm/v7'), { beforePull });
    const refused = engine().copy(request('linux/amd64'), { beforePull: async () => await Promise.reject(spent) });

    await expect(refused).rejects.toBe(spent);
    expect(booked).toBe(2);
    expect(await imageIds()).toEqual([]);
  });

  test('a target that is refused after the pull gets nothing, and the other one gets the image', async () => {
    const [first, second] = [targetAt(open, { tag: 'refused' }), targetAt(open, { name: 'second', tag: 'taken' })];
    const pulled: string[] = [];
    const refusal = new FerryError('its name is taken', { code: 'target-name', decision: 'retry' });

    const report = await engine().copy(request('linux/amd64', { targets: [first, second] }), {
      onProgress: ({ step }) => void pulled.push(step),
      beforePush: async ({ tag }) => {
        expect(pulled).toContain('pull');
        if (tag === 'refused') throw refusal;
        return await Promise.resolve();
      },
    });

    expect(report.failures).toMatchObject([{ target: 'open', failure: refusal }]);
    expect(report.targets.map(({ target }) => target)).toEqual(['second']);
    await expect(manifestAt(open, 'refused')).rejects.toThrow('manifest unknown');
    expect(await imageIds()).toEqual([]);
  });

  test("two docker copies with common repositories and images run in turn and keep each other's tags", async () => {
    const one = engine();
    await pushImage(source, { image: index, repository: 'team/app', tag: 'v1.0' });

    const reports = await Promise.all(
      ['v1', 'v1.0'].map(
        async (tag): Promise<DockerCopyReport> =>
          await one.copy(
            request('linux/amd64', {
              source: parseImageReference(`${source.host}/team/app:${tag}`),
              targets: [targetAt(open, { tag }), targetAt(closed, { tag })],
            }),
          ),
      ),
    );

    expect(reports.flatMap(({ failures, leftBehind }) => [...failures, ...leftBehind])).toEqual([]);
    expect(reports.flatMap(({ targets }) => targets)).toHaveLength(4);
    expect(await imageIds()).toEqual([]);
  });

  test('a wrong password fails one target of the docker engine, and the other one is complete', async () => {
    const report = await engine({
      credentials: async () => await Promise.resolve({ username: 'captain', password: 'wrong-secret' }),
    }).copy(request('linux/amd64', { targets: [targetAt(closed), targetAt(open)] }));

    expect(report.failures).toMatchObject([{ target: 'closed', failure: { code: 'unauthorized', decision: 'block' } }]);
    expect(report.failures[0]?.failure.message).not.toContain('wrong-secret');
    expect(report.targets.map(({ target }) => target)).toEqual(['open']);
    expect(await imageIds()).toEqual([]);
    expect(configFolders()).toEqual([]);
  });

  test.each([
    ['a tag that is not there', 'team/app:none', 'linux/amd64', { code: 'tag-missing', decision: 'wait' }],
    ['a platform that is not there', 'team/app:v1', 'linux/s390x', { code: 'platform-missing', decision: 'block' }],
    ['another platform than the only one', 'team/single:v1', 'linux/arm64', { code: 'platform-missing' }],
  ])('%s is an error of the source for the docker engine', async (_, image, platforms, fault) => {
    const asked = request(platforms, { source: parseImageReference(`${source.host}/${image}`) });

    await expect(engine().copy(asked)).rejects.toMatchObject({ side: 'source', ...fault });
    expect(await imageIds()).toEqual([]);
  });

  test.each([
    ['linux/amd64', { os: 'linux' }, '', 'its config declares linux and no architecture: it is copied unchanged'],
    [
      'linux/amd64,linux/arm64',
      { os: 'linux' },
      '',
      'its config declares linux and no architecture: it is copied unchanged',
    ],
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }, 'linux/amd64', undefined],
  ])(
    'the docker engine pushes a single image without a complete platform for %s',
    async (platforms, config, platform, note) => {
      const repository = `team/open-${Object.keys(config).length}`;
      await pushSingle(repository, config);
      const asked = request(platforms, { source: parseImageReference(`${source.host}/${repository}:v1`) });

      const report = await engine().copy(asked);

      expect(report).toMatchObject({ missingPlatforms: [], failures: [], leftBehind: [] });
      const [target] = report.targets;
      expect(target?.platforms.map((copy) => copy.platform)).toEqual([platform]);
      expect(target?.note).toEqual(note);
      expect(await manifestAt(open, 'v1')).toMatchObject({ mediaType: schema2 });
    },
  );

  test('a platform whose manifest is missing at the source is a broken image and not a missing tag', async () => {
    await pushImage(open, {
      image: makeIndex([amd64, armv7].flatMap((one) => one ?? [])),
      repository: 'team/part',
      tag: 'v1',
    });
    const gone = request('linux/amd64,linux/arm/v7', {
      source: parseImageReference(`${open.host}/team/part:v1`),
      targets: [targetAt(closed)],
    });
    const revisions = join(open.storagePath, 'docker/registry/v2/repositories/team/part/_manifests/revisions/sha256');
    rmSync(join(revisions, armv7?.digest.replace('sha256:', '') ?? 'none'), { recursive: true });

    await expect(engine().copy(gone)).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(engine().copy(gone)).rejects.toThrow('linux/arm/v7');
    const one = await engine().copy({ ...gone, platforms: parsePlatformSelection('linux/amd64') });
    expect(one.failures).toEqual([]);
  });

  test('the docker engine does not copy a tag that has moved since it was resolved', async () => {
    const copy = engine().copy(request('linux/amd64', { sourceDigest: amd64?.digest ?? index.digest }));

    await expect(copy).rejects.toMatchObject({ decision: 'retry' });
    await expect(copy).rejects.toThrow(`it points to ${index.digest}, expected ${String(amd64?.digest)}`);
  });

  test('a registry or a daemon that does not answer is retried later', async () => {
    const nowhere = request('linux/amd64', { source: parseImageReference('127.0.0.1:1/team/app:v1') });
    const noDaemon = engine({ environment: { ...environment, DOCKER_HOST: 'unix:///nowhere/docker.sock' } });

    await expect(engine().copy(nowhere)).rejects.toMatchObject({ code: 'unreachable', decision: 'retry' });
    await expect(noDaemon.copy(request('linux/amd64'))).rejects.toMatchObject({
      code: 'unreachable',
      decision: 'retry',
      side: 'daemon',
    });
  });

  test('a cancelled docker copy stops and leaves nothing in the daemon', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');

    const copy = engine().copy(request('linux/amd64,linux/arm/v7'), {
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 'push') controller.abort(reason);
      },
    });

    await expect(copy).rejects.toBe(reason);
    expect(await imageIds()).toEqual([]);
    expect(configFolders()).toEqual([]);
  });
});
