import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readConfig, readUpstreamsConfig } from '../../src/config/read-config.js';
import { difyUpstream, xinferenceUpstream } from '../support/built-in-upstreams.js';

const target = { MY_REGISTRY: 'registry.example.com' };

describe('upstreams in the configuration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('Dify and Xinference are upstreams without any configuration', () => {
    const { upstreams, github } = readConfig(target);

    expect(upstreams).toEqual([difyUpstream, xinferenceUpstream]);
    expect([github.apiUrl, github.token()]).toEqual(['https://api.github.com', undefined]);
  });

  test('ferry.yaml can change the built-in upstreams', () => {
    const { upstreams } = read(`
      upstreams:
        dify:
          scope: release
          exclude: { images: ['*/weaviate'], profiles: [oracle] }
          platforms: [linux/amd64, linux/arm64/v8]
          schedule: { cron: '0 3 * * *', timezone: Asia/Shanghai }
        xinference:
          suffixes: ['', '-cpu']
          schedule: off
    `);

    expect(upstreams[0]).toEqual({
      ...difyUpstream,
      scope: 'release',
      exclude: { images: ['*/weaviate'], services: [], profiles: ['oracle'] },
      platforms: ['linux/amd64', 'linux/arm64'],
      schedule: { cron: ['0 3 * * *'], timezone: 'Asia/Shanghai' },
    });
    expect(upstreams[1]).toMatchObject({
      images: ['docker.io/xprobe/xinference:{tag}', 'docker.io/xprobe/xinference:{tag}-cpu'],
    });
    expect(upstreams[1]?.schedule).toBeUndefined();
  });

  test('images of an upstream can have platforms of their own by pattern', () => {
    const { upstreams } = read(`
      upstreams:
        xinference:
          suffixes: ['', '-cpu', '-aarch64']
          platforms: [linux/amd64]
          imagePlatforms: { '*-cpu': [linux/amd64, linux/arm64/v8] }
        prometheus:
          kind: tags
          image: quay.io/prometheus/prometheus
          imagePlatforms: { '*:v3.*': [all] }
    `);

    expect(upstreams.map(({ imagePlatforms }) => imagePlatforms)).toEqual([
      undefined,
      [
        { pattern: '*-cpu', platforms: ['linux/amd64', 'linux/arm64'] },
        { pattern: '*-aarch64', platforms: ['linux/arm64'] },
      ],
      [{ pattern: '*:v3.*', platforms: ['all'] }],
    ]);
  });

  test.each([
    ["{ '*-cpu': [arm64] }", 'imagePlatforms "*-cpu": "arm64" is not a platform'],
    ["{ '*-cpu': [] }", 'imagePlatforms'],
    ["{ '*-cpu': linux/amd64 }", 'imagePlatforms'],
  ])('the invalid imagePlatforms %s are an error of the configuration', (entry, fault) => {
    expect(() => read(`upstreams: { xinference: { imagePlatforms: ${entry} } }`)).toThrow(fault);
  });

  test('an upstream cannot have the reserved name of the event type for any upstream', () => {
    expect(() => read('upstreams: { upstream: { kind: tags, image: quay.io/a/b } }')).toThrow(
      'upstreams.upstream: this name is reserved; choose another one',
    );
  });

  test('ferry.yaml adds upstreams of all three kinds', () => {
    const { upstreams } = read(`
      upstreams:
        plane:
          kind: compose
          repository: makeplane/plane
          file: deploy/docker-compose.yml
          variables: { APP_RELEASE: stable }
          schedule: { every: 12h }
        ollama:
          kind: release
          repository: ollama/ollama
          images: ['ollama/ollama:{version}']
          prereleases: true
        prometheus:
          kind: tags
          image: quay.io/prometheus/prometheus
          match: 'v\\d+\\.\\d+\\.\\d+'
          range: '>=2.50'
          newest: 3
          deny: ['v2.51.*']
    `);

    expect(upstreams.slice(2)).toEqual([
      {
        kind: 'compose',
        name: 'plane',
        repository: 'makeplane/plane',
        file: 'deploy/docker-compose.yml',
        order: 'semver',
        prereleases: false,
        scope: 'changed',
        exclude: { images: [], services: [], profiles: [] },
        variables: { APP_RELEASE: 'stable' },
        schedule: { everyMs: 12 * 60 * 60 * 1_000 },
      },
      {
        kind: 'release',
        name: 'ollama',
        repository: 'ollama/ollama',
        order: 'semver',
        prereleases: true,
        images: ['ollama/ollama:{version}'],
      },
      {
        kind: 'tags',
        name: 'prometheus',
        image: 'quay.io/prometheus/prometheus',
        rules: { match: String.raw`v\d+\.\d+\.\d+`, range: '>=2.50', newest: 3, deny: ['v2.51.*'] },
      },
    ]);
  });

  test('an upstream of any kind can copy to some of the targets only', () => {
    const { upstreams } = read(`
      upstreams:
        dify: { targets: [private] }
        xinference: { targets: [private, private] }
        plane: { kind: compose, repository: makeplane/plane, targets: [private] }
        ollama: { kind: release, repository: ollama/ollama, images: ['ollama/ollama:{tag}'], targets: [private] }
        prometheus: { kind: tags, image: quay.io/prometheus/prometheus, targets: [private] }
    `);

    expect(upstreams.map(({ targets }) => targets)).toEqual(Array.from({ length: 5 }, () => ['private']));
  });

  test('a command that only requests a check needs no target', () => {
    const path = join(folder, 'ferry.yaml');
    writeFileSync(path, 'upstreams: { dify: { targets: [aliyun] } }');

    const { upstreams } = readUpstreamsConfig({ FERRY_CONFIG: path });

    expect(upstreams[0]?.targets).toEqual(['aliyun']);
  });

  test('another GitHub server can be set in ferry.yaml or by the variable of its runners', () => {
    const byFile = read('github: { apiUrl: "https://github.example.com/api/v3" }', {
      GITHUB_API_URL: 'https://api.github.com',
    });
    const byVariable = readConfig({ ...target, GITHUB_API_URL: 'https://ghe.example.com/api/v3', GITHUB_TOKEN: 't' });

    expect(byFile.github.apiUrl).toBe('https://github.example.com/api/v3');
    expect([byVariable.github.apiUrl, byVariable.github.token()]).toEqual(['https://ghe.example.com/api/v3', 't']);
  });

  test('manifests and charts of releases have their paths, values and patterns of images', () => {
    const { upstreams } = read(
      "upstreams: { a: { kind: kubernetes, repository: o/a, files: x.yaml, exclude: ['*/b'] }, c: { kind: helm, repository: o/c, chart: d, values: { e: { f: 1 } }, likely: ['g/*'] } }",
    );

    expect(upstreams.slice(-2)).toMatchObject([
      { name: 'a', files: ['x.yaml'], order: 'semver', scope: 'changed', images: { exclude: ['*/b'], likely: [] } },
      { name: 'c', chart: 'd', values: { e: { f: 1 } }, images: { exclude: [], likely: ['g/*'] } },
    ]);
  });

  test('the example of the documentation is a valid configuration', () => {
    const page = readFileSync(new URL('../../docs/upstreams.md', import.meta.url), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

    const { upstreams } = read(example);

    expect(upstreams.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'dify compose',
      'xinference release',
      'plane compose',
      'ingress-nginx kubernetes',
      'longhorn helm',
      'ollama release',
      'prometheus tags',
    ]);
  });

  test.each([
    ['an unknown kind', 'x: { kind: rss, repository: a/b }', 'upstreams.x'],
    ['an unknown key', 'dify: { files: a.yaml }', 'upstreams.dify'],
    ['a repository that is none', 'x: { kind: compose, repository: b }', 'must be owner/name'],
    ['an invalid name', 'X_1: { kind: compose, repository: a/b }', 'upstreams.X_1: expected up to 60 lower-case'],
    [
      'an image without a placeholder for the tag',
      'x: { kind: release, repository: a/b, images: [c] }',
      'contains neither {tag}',
    ],
    ['an image that is none', 'x: { kind: release, repository: a/b, images: ["C:{tag}"] }', 'upper-case'],
    ['a tag in the repository', 'x: { kind: tags, image: "quay.io/a/b:1" }', 'expected a repository without a tag'],
    ['a broken expression', 'x: { kind: tags, image: quay.io/a/b, match: "v(" }', 'is not a regular expression'],
    ['a broken range', 'x: { kind: tags, image: quay.io/a/b, range: "newer" }', 'is not a semver range'],
    ['a wrong platform', 'dify: { platforms: [amd64] }', 'is not a platform'],
    [
      'an unknown target',
      'dify: { targets: [private, aliyun] }',
      'upstreams.dify.targets contains the unknown target aliyun',
    ],
    ['no target at all', 'dify: { targets: [] }', 'upstreams.dify.targets'],
    ['a wrong duration', 'dify: { schedule: { every: daily } }', 'is not a duration'],
    ['a schedule too often', 'dify: { schedule: { every: 5s } }', 'at least 1m'],
  ])('an upstream with %s is reported with its location in ferry.yaml', (_what, entry, reason) => {
    expect(() => read(`upstreams: { ${entry} }`)).toThrow(reason);
  });

  function read(content: string, more: Readonly<Record<string, string>> = {}) {
    const path = join(folder, 'ferry.yaml');
    writeFileSync(path, content);
    return readConfig({ ...target, ...more, FERRY_CONFIG: path });
  }
});
