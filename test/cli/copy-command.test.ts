import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { copyCommand } from '../../src/cli/commands/copy.js';
import type { CopyCommandOptions } from '../../src/cli/commands/copy.js';
import {
  describe as descriptor,
  mediaTypes,
  placeImage,
  placeIndex,
  placeManifest,
} from '../support/scripted-images.js';
import { answer, answerError } from '../support/scripted-registry.js';
import { repository, sourceAndTarget, sourceAndTwoTargets } from '../support/scripted-set-up.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-copy-command-'));
  vi.stubEnv('DOCKER_CONFIG', folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process and records its output. */
async function copy(source: string, targets: readonly string[], options: CopyCommandOptions = {}): Promise<Said> {
  const said = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  onTestFinished(() => {
    out.mockRestore();
    err.mockRestore();
  });
  const status = await copyCommand(source, targets, options);
  return { status, ...said };
}

describe('ferry copy', () => {
  test('ferry copy notes once that an image names no platform, whatever the number of targets', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const config = Buffer.from('{"os":"linux"}');
    source.putBlob(repository, config);
    const content = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor(mediaTypes.config, config),
      layers: [],
    };
    placeManifest(source, repository, { tag: 'v1', mediaType: mediaTypes.manifest, content });

    const { status, err } = await copy(
      `${source.host}/${repository}:v1`,
      [`${left.host}/a/app`, `${right.host}/b/app`],
      { platform: 'linux/amd64' },
    );

    expect(status).toBe(0);
    expect(err.match(/note: its config declares linux and no architecture.*for linux\/amd64/g)).toHaveLength(1);
  });

  test('ferry copy copies to every target, and a target without a tag gets the tag of the source', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const image = placeImage(source, repository);

    const { status, out, err } = await copy(`${source.host}/${repository}:v1`, [
      `${left.host}/a/app`,
      `http://${right.host}/b/app:other`,
    ]);

    expect(status).toBe(0);
    expect(left.manifest('a/app', 'v1')?.bytes).toEqual(image.bytes);
    expect(right.manifest('b/app', 'other')?.bytes).toEqual(image.bytes);
    expect(out.split('\n')[0]).toContain(`${left.host}/a/app:v1@${image.digest}  copied`);
    expect(err).toContain('2 of 2 targets done');
  });

  test('ferry copy selects platforms and notes those that the source does not offer', async () => {
    const [source, target] = await sourceAndTarget();
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    placeIndex(source, repository, [amd64, placeImage(source, repository, { tag: 'arm64', architecture: 'arm64' })]);

    const platform = 'linux/amd64,linux/s390x';
    const { status, err } = await copy(`${source.host}/${repository}:v1`, [`${target.host}/a/app`], { platform });

    expect(status).toBe(0);
    expect(target.manifest('a/app', 'v1')?.bytes).toEqual(amd64.bytes);
    expect(err).toContain('does not offer linux/s390x');
  });

  test('ferry copy prints its report as JSON, with the reasons of failures', async () => {
    const [source, broken, healthy] = await sourceAndTwoTargets();
    const image = placeImage(source, repository);
    broken.when('POST', /uploads/, ({ response }) => answerError(response, 507, 'UNKNOWN', 'insufficient storage'));

    const { status, out } = await copy(
      `${source.host}/${repository}:v1`,
      [`${broken.host}/a/app`, `${healthy.host}/a/app`],
      { json: true },
    );

    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      sourceDigest: image.digest,
      targets: [{ reference: `${healthy.host}/a/app:v1`, outcome: 'copied' }],
      failures: [{ reference: `${broken.host}/a/app:v1`, code: 'target-full', decision: 'block' }],
    });
  });

  test('ferry copy prints one line with the reason for a target that fails', async () => {
    const [source, broken, healthy] = await sourceAndTwoTargets();
    placeImage(source, repository);
    broken.when('POST', /uploads/, ({ response }) => answerError(response, 507, 'UNKNOWN', 'insufficient storage'));

    const { err } = await copy(`${source.host}/${repository}:v1`, [`${broken.host}/a/app`, `${healthy.host}/a/app`]);

    const told = err.split('\n').filter((line) => line.includes(broken.host));
    expect(told).toEqual([expect.stringMatching(/^failed: .*\/a\/app:v1: .*insufficient storage/)]);
  });

  test("ferry copy uses docker's credentials", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const auth = Buffer.from('captain:secret').toString('base64');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [target.host]: { auth } } }));
    for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
      target.when(method, /./, async ({ request, response, ordinary }) => {
        if (request.headers.authorization === `Basic ${auth}`) await ordinary();
        else answer(response, 401, { 'www-authenticate': 'Basic realm="r"' });
      });
    }

    const { status } = await copy(`${source.host}/${repository}:v1`, [`${target.host}/a/app`]);

    expect(status).toBe(0);
  });

  test('ferry copy uses the host settings and target credentials of ferry.yaml', async () => {
    const [mirror, target] = await sourceAndTarget();
    placeImage(mirror, repository);
    const auth = Buffer.from('robot:secret').toString('base64');
    for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
      target.when(method, /./, async ({ request, response, ordinary }) => {
        if (request.headers.authorization === `Basic ${auth}`) await ordinary();
        else answer(response, 401, { 'www-authenticate': 'Basic realm="r"' });
      });
    }
    const credentials = { username: 'robot', passwordVariable: 'HARBOR_PASSWORD' };
    useConfigFile({
      targets: { harbor: { registry: target.host, credentials } },
      hosts: { 'source.invalid': { mirrors: [{ registry: mirror.host, resolveTags: true }] } },
    });
    vi.stubEnv('HARBOR_PASSWORD', 'secret');

    const { status } = await copy(`source.invalid/${repository}:v1`, [`${target.host}/a/app`]);

    expect(status).toBe(0);
  });

  test('ferry copy reports a failing mirror of ferry.yaml and still completes the copy', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    useConfigFile({ hosts: { [source.host]: { mirrors: ['http://127.0.0.1:9'] } } });

    const { status, err } = await copy(`${source.host}/${repository}:v1`, [`${target.host}/a/app`]);

    expect(status).toBe(0);
    expect(target.manifest('a/app', 'v1')?.bytes).toEqual(image.bytes);
    expect(err).toMatch(/note: .*127\.0\.0\.1:9.*its source is used instead/);
  });

  test('ferry copy rejects an invalid ferry.yaml before it sends a request', async () => {
    const [source, target] = await sourceAndTarget();
    useConfigFile({ hosts: { [target.host]: { caFile: '/nowhere/ca.pem' } } });

    await expect(copyCommand(`${source.host}/${repository}:v1`, [`${target.host}/a/app`], {})).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('/nowhere/ca.pem') as string,
    });

    expect(source.requests).toEqual([]);
  });

  test.each([
    ['a target with a digest', [`localhost:1/a/app@sha256:${'0'.repeat(64)}`], 'invalid-reference'],
    ['a target twice', ['localhost:1/a/app:v1', 'localhost:1/a/app'], 'invalid-reference'],
    ['a target that means nothing', ['localhost:1/A B'], 'invalid-reference'],
  ])('ferry copy rejects %s before it sends a request', async (_, targets, code) => {
    const [source] = await sourceAndTarget();
    placeImage(source, repository);

    await expect(copyCommand(`${source.host}/${repository}:v1`, targets, {})).rejects.toMatchObject({ code });

    expect(source.requests).toEqual([]);
  });

  test.each([
    ['127.0.0.1:5502', '127.0.0.1:5502/team/app:v1'],
    ['http://registry:5000', 'registry:5000/team/app:v1'],
    ['registry.example.com', 'registry.example.com/team/app:v1'],
    ['index.docker.io/', 'docker.io/team/app:v1'],
  ])(
    'ferry copy rejects the target %s, which has no repository, and shows a correct reference',
    async (target, instead) => {
      const told = `"${target}" is a registry without a repository: use ${instead}`;

      await expect(copyCommand('quay.io/team/app:v1', [target], {})).rejects.toMatchObject({
        code: 'invalid-reference',
        message: told,
      });
    },
  );

  test('ferry copy rejects a source without a repository and shows a correct reference', async () => {
    await expect(copyCommand('ghcr.io', ['127.0.0.1:5502/app'], {})).rejects.toThrow(
      '"ghcr.io" is a registry without a repository: use ghcr.io/owner/name:tag',
    );
  });

  test('ferry copy stops in an orderly way when it is interrupted', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), () => void process.emit('SIGINT'));

    const { status, err } = await copy(`${source.host}/${repository}:v1`, [`${target.host}/a/app`]);

    expect(status).toBe(1);
    expect(err).toContain('interrupted');
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});

function useConfigFile(content: object): void {
  const path = join(folder, 'ferry.yaml');
  writeFileSync(path, JSON.stringify(content));
  vi.stubEnv('FERRY_CONFIG', path);
}
