import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { copyListCommand } from '../../src/cli/commands/copy-list.js';
import type { CopyCommandOptions } from '../../src/cli/commands/copy.js';
import { placeImage, placeIndex } from '../support/scripted-images.js';
import { sourceAndTarget, sourceAndTwoTargets } from '../support/scripted-set-up.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-copy-list-'));
  vi.stubEnv('DOCKER_CONFIG', folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function copyList(lines: readonly string[], places: readonly string[], options: CopyCommandOptions = {}) {
  const said = { out: '', err: '' };
  for (const [stream, name] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const) {
    const spy = vi.spyOn(stream, 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
    onTestFinished(() => spy.mockRestore());
  }
  const file = join(folder, 'list.txt');
  writeFileSync(file, lines.join('\n'));
  const status = await copyListCommand(file, places, options);
  return { status, ...said };
}

describe('ferry copy --file', () => {
  test('ferry copy --file copies each image below every prefix under its own path and tag, or to the targets of its line', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const app = placeImage(source, 'team/app', { tag: 'v1' });
    const tool = placeImage(source, 'tool', { tag: 'v2' });

    const { status, out, err } = await copyList(
      ['# ours', `${source.host}/team/app:v1`, '', `${source.host}/tool:v2 ${left.host}/x/tool  # by name`],
      [`${left.host}/mirror`, right.host],
    );

    expect(status).toBe(0);
    expect(left.manifest('mirror/team/app', 'v1')?.bytes).toEqual(app.bytes);
    expect(right.manifest('team/app', 'v1')?.bytes).toEqual(app.bytes);
    expect(left.manifest('x/tool', 'v2')?.bytes).toEqual(tool.bytes);
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(err).toContain('2 of 2 images done');
  });

  test('ferry copy --file reads shared blobs once, sends them once to each registry and mounts them for further images', async () => {
    const [source, left, right] = await sourceAndTwoTargets();
    const [base, second] = [randomBytes(200_000), randomBytes(100_000)];
    const names = Array.from({ length: 12 }, (_, n) => `team/app-${n}`);
    const images = names.map((name) => placeImage(source, name, { layers: [base, second, randomBytes(100)] }));

    const { status } = await copyList(
      names.map((name) => `${source.host}/${name}:v1`),
      [left.host, right.host],
    );

    expect(status).toBe(0);
    for (const digest of images[0]?.layers.slice(0, 2) ?? []) {
      expect(source.count('GET', new RegExp(`blobs/${digest}`))).toBe(1);
    }
    for (const target of [left, right]) {
      expect(target.count('POST', /mount=/)).toBe(2 * (names.length - 1));
      expect(target.manifest('team/app-7', 'v1')?.bytes).toEqual(images[7]?.bytes);
    }
  });

  test('ferry copy --file sends one HEAD to each side for an image that the target has already, also for an index', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, 'team/app');
    const children = ['amd64', 'arm64'].map((architecture) => placeImage(source, 'team/many', { architecture }));
    placeIndex(source, 'team/many', children);
    const lines = [`${source.host}/team/app:v1`, `${source.host}/team/many:v1`];
    await copyList(lines, [target.host]);
    const before = [source.requests.length, target.requests.length];

    const { status, out, err } = await copyList(lines, [target.host]);

    expect(status).toBe(0);
    expect(out.match(/already present/g)).toHaveLength(2);
    expect(err).toContain('2 of 2 images done');
    for (const [position, { requests }] of [source, target].entries()) {
      expect(requests.slice(before[position]).map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
    }
  });

  test('ferry copy --file only compares digests with the target, and restores a tag that has moved', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, 'team/app');
    const lines = [`${source.host}/team/app:v1`];
    await copyList(lines, [target.host]);
    const settled = await copyList(lines, [target.host]);
    expect(settled.err).toContain('1 of 1 image done');
    expect(settled.out).toContain(`@${image.digest}  already present`);
    expect(target.requests.at(-1)?.headers['if-none-match']).toBe(`"${image.digest}"`);

    placeImage(target, 'team/app');
    const moved = await copyList(lines, [target.host]);
    expect(moved.out).toContain('copied');
    expect(target.manifest('team/app', 'v1')?.bytes).toEqual(image.bytes);
  });

  test('ferry copy --file reads the index when platforms are selected, since the digest does not identify the selection', async () => {
    const [source, target] = await sourceAndTarget();
    const children = ['amd64', 'arm64'].map((architecture) => placeImage(source, 'team/many', { architecture }));
    const index = placeIndex(source, 'team/many', children);
    const lines = [`${source.host}/team/many:v1`];
    await copyList(lines, [target.host]);
    expect(target.manifest('team/many', 'v1')?.bytes).toEqual(index.bytes);

    await copyList(lines, [target.host], { platform: 'linux/arm64' });

    expect(target.manifest('team/many', 'v1')?.bytes).toEqual(children[1]?.bytes);
  });

  test('ferry copy --file reports an image that fails and copies the others', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, 'team/app', { tag: 'v1' });

    const { status, out, err } = await copyList(
      [`${source.host}/team/gone:v1`, `${source.host}/team/app:v1`],
      [target.host],
    );

    expect(status).toBe(1);
    expect(target.manifest('team/app', 'v1')?.bytes).toEqual(image.bytes);
    expect(out).toContain('team/app:v1');
    expect(err).toMatch(/failed: .*team\/gone:v1/);
    expect(err).toContain('1 of 2 images done');
  });

  test('ferry copy --file --json prints one result per line of the list, in its order', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, 'team/app', { tag: 'v1' });

    const { out } = await copyList([`${source.host}/team/gone:v1`, `${source.host}/team/app:v1`], [target.host], {
      json: true,
    });

    expect(JSON.parse(out)).toMatchObject([
      { source: `${source.host}/team/gone:v1`, failure: { code: expect.any(String), reason: expect.any(String) } },
      { source: `${source.host}/team/app:v1`, targets: [{ digest: image.digest }], failures: [] },
    ]);
  });

  test('ferry copy --file reports all errors of the list at once, before it sends a request', async () => {
    const [source, target] = await sourceAndTarget();
    const lines = ['no:image:at:all', `${source.host}/a/app:v1@`, `${source.host}/b/app:v1`];

    await expect(copyList(lines, [])).rejects.toThrow(
      /errors:\n  - line 1: .*\n  - line 2: .*\n  - line 3: .*has no target/,
    );
    await expect(copyList([], [target.host])).rejects.toThrow('no image');
    await expect(
      copyList([`${source.host}/a/app:v1 ${target.host}/x`, `${source.host}/b/app:v1 ${target.host}/x`], []),
    ).rejects.toThrow('is the target of two images');

    expect(source.requests).toEqual([]);
  });

  test.each(['nginx:1.27 linux/arm64', '--platform=linux/arm64 nginx:1.27'])(
    'ferry copy --file does not take the platform in %s for a target',
    async (line) => {
      const [, target] = await sourceAndTarget();

      await expect(copyList([line], [target.host])).rejects.toThrow(
        "set the platforms of a list with the command's --platform",
      );
    },
  );

  test('ferry copy --file rejects a tag that is source and target in one list, under any name, but accepts a digest', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, 'team/app');
    const there = placeImage(target, 'x', { tag: '1' });
    const first = `${source.host}/team/app:v1`;

    await expect(
      copyList([`nginx ${target.host}/x:1`, `${first} index.docker.io/library/nginx:latest`], []),
    ).rejects.toThrow(/docker\.io\/library\/nginx:latest is a source and also the target of .*\/app:v1/);
    const { status } = await copyList(
      [`${first} ${target.host}/x:1`, `${target.host}/x@${there.digest} ${target.host}/y:1`],
      [],
    );

    expect(status).toBe(0);
  });

  test('ferry copy --file prints the first errors of a list with many and the number of the others', async () => {
    const lines = Array.from({ length: 2_000 }, () => 'nginx registry.example/x');

    const fault: unknown = await copyList(lines, []).catch((error: unknown) => error);

    expect(fault).toMatchObject({ code: 'invalid-reference' });
    expect(String(fault).split('\n')).toHaveLength(52);
    expect(String(fault)).toContain('and 1949 more');
  });
});
