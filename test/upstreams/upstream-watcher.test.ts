import { readFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ReleaseFile } from '../../src/domain/release-file.js';
import type { ComposeUpstream, TagsUpstream } from '../../src/domain/upstream.js';
import { createGitHub } from '../../src/upstreams/github.js';
import { createUpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import type { UpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import { difyUpstream, xinferenceUpstream } from '../support/built-in-upstreams.js';
import { noChartPrograms } from '../support/chart-programs.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';

const difyTags = linesOf('dify-tags.txt');
const xinferenceTags = linesOf('xinference-tags.txt');
const older = contentOf('../../compose/data/platform-1.9.2.yaml');
const newer = contentOf('../../compose/data/platform-2.0.0.yaml');

describe('looking at upstreams', () => {
  let standIn: GitHubStandIn;
  let watcher: UpstreamWatcher;
  let registryTags: readonly string[];

  beforeEach(async () => {
    standIn = await startGitHubStandIn();
    registryTags = [];
    watcher = createUpstreamWatcher({
      github: createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1 }),
      registries: { listTags: async () => registryTags },
      programs: noChartPrograms,
    });
    standIn.setTags('langgenius/dify', difyTags);
    standIn.setTags('xorbitsai/inference', xinferenceTags);
    publish('1.15.0', older);
    publish('1.16.0', newer);
  });
  afterEach(async () => await standIn.stop());

  test('a check of Dify compares the newest release with the previous one', async () => {
    const finding = await watcher.check(difyUpstream);

    expect(finding).toMatchObject({ release: '1.16.0', previous: '1.15.0', isNew: true, unchanged: 13 });
    expect(finding.changed.map(({ image, oldTag, newTag }) => `${image} ${oldTag} ${newTag}`)).toEqual([
      'docker.io/acme/app-api:2.0.0 1.9.2 2.0.0',
      'docker.io/acme/app-web:2.0.0 1.9.2 2.0.0',
      'docker.io/acme/app-sandbox:0.2.14 0.2.12 0.2.14',
      'docker.io/acme/app-tools:2.0.0 1.9.2 2.0.0',
    ]);
    expect(finding.added.map(({ image }) => image)).toEqual([
      'containers.intersystems.com/intersystems/iris-community:2025.3',
    ]);
    expect(finding.removed.map(({ image }) => image)).toEqual(['docker.io/semitechnologies/weaviate:1.19.0']);
    expect(finding.wanted).toHaveLength(5);
    expect(finding.wanted[1]).toEqual({
      image: 'docker.io/acme/app-api:2.0.0',
      service: 'api, worker',
      oldTag: '1.9.2',
      newTag: '2.0.0',
    });
    expect(finding.skipped.map(({ what }) => what)).toContain('service couch');
    expect(finding.notes).toEqual(['GITHUB_TOKEN is not set: GitHub allows 60 requests per hour from this address']);
  });

  test('a check hands over the compose files that it has read, and the images of their services', async () => {
    const kept: ReleaseFile[] = [];

    await watcher.check(difyUpstream, { keep: (release) => kept.push(release) });
    await watcher.check(xinferenceUpstream, { keep: (release) => kept.push(release) });

    expect(kept.map(({ release, compose }) => [release, compose])).toEqual([
      ['1.16.0', { path: 'docker/docker-compose.yaml', text: newer }],
      ['1.15.0', { path: 'docker/docker-compose.yaml', text: older }],
      [expect.any(String), undefined],
    ]);
    expect(kept[0]?.images).toContainEqual({ service: 'api', image: 'docker.io/acme/app-api:2.0.0' });
    expect(kept[2]?.images).toEqual([
      { service: 'xinference', image: `docker.io/xprobe/xinference:${kept[2]?.release ?? ''}` },
    ]);
  });

  test('a release that is tagged in two spellings is not compared with itself', async () => {
    standIn.setTags('langgenius/dify', ['v1.16.0', '1.16.0', '1.15.0']);

    const finding = await watcher.check(difyUpstream);

    expect(finding).toMatchObject({ release: '1.16.0', previous: '1.15.0' });
    expect(finding.wanted).toHaveLength(5);
  });

  test('the scope release requests every image of the newest release of an upstream', async () => {
    const finding = await watcher.check(difyUpstream, { scope: 'release' });

    expect(finding.wanted).toHaveLength(18);
    expect(finding.wanted.map(({ image }) => image)).toContain('docker.io/library/postgres:15-alpine');
  });

  test('the newest release is compared with the last handled one, so that two releases between two checks lose nothing', async () => {
    standIn.setTags('langgenius/dify', ['1.18.0', '1.17.0', ...difyTags]);
    publish('1.17.0', newer.replace('redis:6-alpine', 'redis:7-alpine'));
    publish('1.18.0', newer.replace('redis:6-alpine', 'redis:7-alpine').replace('nginx:latest', 'nginx:1.29'));

    const finding = await watcher.check(difyUpstream, { handled: { release: '1.16.0' } });

    expect(finding).toMatchObject({ release: '1.18.0', previous: '1.16.0' });
    expect(finding.changed.map(({ image }) => image)).toEqual([
      'docker.io/library/redis:7-alpine',
      'docker.io/library/nginx:1.29',
    ]);
  });

  test('a check without a new release costs one conditional request', async () => {
    const { etag } = await watcher.check(difyUpstream);
    const before = standIn.requests.length;

    const finding = await watcher.check(difyUpstream, { handled: { release: '1.16.0', etag: etag ?? '' } });

    expect(finding).toMatchObject({ release: '1.16.0', isNew: false, wanted: [], etag });
    expect(standIn.requests.slice(before).map(({ status }) => status)).toEqual([304]);
  });

  test('new tags that are not releases cause no read of a file', async () => {
    standIn.setTags('langgenius/dify', ['1.17.0-rc1', ...difyTags]);

    const finding = await watcher.check(difyUpstream, { handled: { release: '1.16.0', etag: 'W/"old"' } });

    expect(finding.isNew).toBe(false);
    expect(finding.etag).toBeDefined();
    expect(standIn.requests.filter(({ path }) => path.includes('contents'))).toEqual([]);
  });

  test('a release that was handled before is checked again on request', async () => {
    const finding = await watcher.check(difyUpstream, {
      handled: { release: '1.16.0', etag: 'W/"any"' },
      again: true,
      scope: 'release',
    });

    expect(finding).toMatchObject({ release: '1.16.0', previous: '1.15.0', isNew: true });
  });

  test('a listing is not requested by its ETag while new releases may appear after its first page', async () => {
    const many = Array.from({ length: 120 }, (_, number) => `z-build-${number}`);
    standIn.setTags('langgenius/dify', [...many, ...difyTags]);

    const finding = await watcher.check(difyUpstream);

    expect(finding.release).toBe('1.16.0');
    expect(finding.etag).toBeUndefined();
  });

  test('a withdrawn release does not make the previous one new again', async () => {
    const finding = await watcher.check(difyUpstream, { handled: { release: '1.17.0' } });

    expect(finding).toMatchObject({ release: '1.17.0', isNew: false });
    expect(finding.notes.at(-1)).toBe('the last handled release 1.17.0 no longer exists; the newest one is 1.16.0');
  });

  test('if the handled release is gone, the newest one is compared with the previous one', async () => {
    const finding = await watcher.check(difyUpstream, { handled: { release: '1.15.9' } });

    expect(finding).toMatchObject({ release: '1.16.0', previous: '1.15.0', isNew: true });
    expect(finding.notes.at(-1)).toContain('1.15.9');
  });

  test('a variable of a compose file may have the name of a built-in property of objects', async () => {
    publish('1.16.0', 'services: { app: { image: "nginx:${constructor:-1.27}" } }');

    const finding = await watcher.check(difyUpstream, { scope: 'release' });

    expect(finding.wanted.map(({ image }) => image)).toEqual(['docker.io/library/nginx:1.27']);
  });

  test('an upstream reads values of variables from the files beside its compose file at the same tag', async () => {
    const upstream: ComposeUpstream = {
      ...difyUpstream,
      repository: 'getsentry/self-hosted',
      file: 'docker-compose.yml',
    };
    standIn.setTags('getsentry/self-hosted', ['26.8.0', '26.7.0']);
    for (const tag of ['26.7.0', '26.8.0']) {
      const set = (path: string, content: string) => standIn.setFile('getsentry/self-hosted', tag, path, content);
      set(
        'docker-compose.yml',
        'include: [more.yml]\nservices: { snuba: { image: "${SNUBA_IMAGE}", pull_policy: never } }',
      );
      set('more.yml', 'services: { extra: { image: "extra:${EXTRA}" } }');
      set('.env', `SNUBA_IMAGE=ghcr.io/getsentry/snuba:${tag}`);
      set('.env.example', 'EXTRA=1');
    }

    const finding = await watcher.check(upstream, { scope: 'release' });

    expect(finding.wanted).toEqual([
      { image: 'ghcr.io/getsentry/snuba:26.8.0', service: 'snuba', oldTag: '26.7.0', newTag: '26.8.0' },
      { image: 'docker.io/library/extra:1', service: 'extra', newTag: '1' },
    ]);
    expect(finding.skipped).toEqual([]);
    expect(finding.notes).toContain('values of EXTRA come from .env.example, which users copy or adapt');
  });

  test('if the older release of an upstream lacks the compose file, every image is new, with a note', async () => {
    const upstream: ComposeUpstream = { ...difyUpstream, file: 'deploy/compose.yaml' };
    standIn.setFile('langgenius/dify', '1.16.0', 'deploy/compose.yaml', newer);

    const finding = await watcher.check(upstream);

    expect(finding.added).toHaveLength(18);
    expect(finding.notes.at(-1)).toContain('1.15.0 cannot be compared');
  });

  test('a newest release without the compose file is an error with its address', async () => {
    const upstream: ComposeUpstream = { ...difyUpstream, file: 'moved.yaml' };

    await expect(watcher.check(upstream)).rejects.toMatchObject({ code: 'upstream-missing', decision: 'block' });
    await expect(watcher.check(upstream)).rejects.toThrow('/contents/moved.yaml?ref=1.16.0');
  });

  test('a project without any release is an error that shows its tags', async () => {
    standIn.setTags('langgenius/dify', ['nightly', 'preview']);

    await expect(watcher.check(difyUpstream)).rejects.toThrow(
      'langgenius/dify has no release among its 2 tags on GitHub (nightly, preview)',
    );
  });

  test("a check of Xinference uses the newest release as the image's tag", async () => {
    const finding = await watcher.check(xinferenceUpstream);

    expect(finding).toMatchObject({ release: 'v3.2.1', previous: 'v3.2.0', isNew: true });
    expect(finding.wanted).toEqual([
      { image: 'docker.io/xprobe/xinference:v3.2.1', oldTag: 'v3.2.0', newTag: 'v3.2.1' },
    ]);
  });

  test('a release upstream adds the suffix of each variant to its image', async () => {
    const images = ['xprobe/xinference:{tag}', 'xprobe/xinference:{tag}-cpu', 'quay.io/x/y:{version}'];

    const finding = await watcher.check({ ...xinferenceUpstream, images });

    expect(finding.wanted.map(({ image }) => image)).toEqual([
      'docker.io/xprobe/xinference:v3.2.1',
      'docker.io/xprobe/xinference:v3.2.1-cpu',
      'quay.io/x/y:3.2.1',
    ]);
  });

  test('a version that is not a valid image tag is left out with the reason', async () => {
    standIn.setTags('xorbitsai/inference', ['v9.0.0+cuda']);

    const finding = await watcher.check(xinferenceUpstream);

    expect(finding.wanted).toEqual([]);
    expect(finding.skipped).toEqual([
      { what: 'docker.io/xprobe/xinference:v9.0.0+cuda', reason: expect.stringContaining('contains "+"') },
    ]);
  });

  test('a tags upstream selects tags of a registry by its rules', async () => {
    registryTags = ['v2.9.0', 'latest', 'v2.10.0', 'v1.0.0'];
    const upstream: TagsUpstream = {
      kind: 'tags',
      name: 'prometheus',
      image: 'quay.io/prometheus/prometheus',
      rules: { range: '>=2', newest: 5, deny: [] },
    };

    const finding = await watcher.check(upstream);

    expect(finding.release).toBe('v2.10.0');
    expect(finding.wanted).toEqual([
      { image: 'quay.io/prometheus/prometheus:v2.10.0', newTag: 'v2.10.0' },
      { image: 'quay.io/prometheus/prometheus:v2.9.0', newTag: 'v2.9.0' },
    ]);
  });

  test('a tags upstream whose rules match no tag is an error, not a success', async () => {
    registryTags = ['1.0', '2.0'];
    const rules = { match: 'v.*', newest: 5, deny: [] };

    await expect(watcher.check({ kind: 'tags', name: 'x', image: 'quay.io/a/b', rules })).rejects.toThrow(
      'none of the 2 tags of quay.io/a/b matches the rules, for example 1.0, 2.0',
    );
  });

  function publish(tag: string, content: string): void {
    standIn.setFile('langgenius/dify', tag, 'docker/docker-compose.yaml', content);
  }
});

function contentOf(name: string): string {
  return readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8');
}

function linesOf(name: string): string[] {
  return contentOf(name).trim().split('\n');
}
