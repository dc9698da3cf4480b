import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { printImageReference } from '@image-ferry/registry/reference';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { discoverPaths } from '../../src/discovery/discover-paths.js';
import type { DiscoverOptions } from '../../src/discovery/discover-paths.js';
import type { Discovery } from '../../src/discovery/discovery.js';
import { FerryError } from '../../src/domain/ferry-error.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-find-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const missing = async (): Promise<string> => {
  throw new FerryError('Helm is needed to render this, and is missing', { code: 'configuration', decision: 'block' });
};
const standard: DiscoverOptions = {
  variables: () => undefined,
  values: [],
  sets: [],
  programs: { helm: missing, kustomize: missing, variables: {} },
  standardInput: async function* () {},
};

function write(path: string, text: string): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

async function find(paths: readonly string[], options: Partial<DiscoverOptions> = {}) {
  return await discoverPaths(paths, { ...standard, ...options });
}

function images({ finds }: Discovery): readonly string[] {
  return [...new Set(finds.map(({ reference }) => printImageReference(reference)))].toSorted();
}

function reasons({ unread }: Pick<Discovery, 'unread'>): readonly string[] {
  return unread.map(({ source, reason }) => `${source.replace(`${folder}/`, '')}: ${reason}`);
}

function unknown(found: Discovery): readonly string[] {
  return reasons({ unread: found.unknown });
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: "${image}"}\n`;

describe('finding images in files', () => {
  test('a plain list has one image per line, and a line that is none is reported with its number', async () => {
    const list = write('images.txt', '# mirrored\nnginx:1.27\n\nghcr.io/org/app:2 # the app\nNot An Image!\n');

    const found = await find([list]);

    expect(images(found)).toEqual(['docker.io/library/nginx:1.27', 'ghcr.io/org/app:2']);
    expect(found.finds.map(({ evidence: { line, rule } }) => [line, rule])).toEqual([
      [2, 'list'],
      [4, 'list'],
    ]);
    expect(reasons(found)[0]).toMatch(/^images\.txt:5: /);
  });

  test('a compose project is read with what it includes and extends, its env files, image volumes and builds', async () => {
    write('.env', 'TAG=1.2.3\n');
    write('other/base.yml', 'services:\n  base:\n    image: example.org/base:${TAG}\n');
    write('db.yml', 'services:\n  db:\n    image: postgres:${PG:-16}\n');
    write('web/Dockerfile', 'ARG FROM_IMAGE=node:22\nFROM ${FROM_IMAGE}\n');
    const compose = write(
      'docker-compose.yml',
      `include:
  - db.yml
services:
  app:
    extends: {file: other/base.yml, service: base}
    environment:
      EXECUTOR_IMAGE: example.org/executor:\${TAG}
    volumes:
      - {type: image, source: "example.org/data:1", target: /data}
  web:
    build: {context: web, args: {FROM_IMAGE: "node:\${NODE:-24}"}}
  both:
    image: example.org/both:1
    build: web
  off:
    image: example.org/off:1
    profiles: [never]
`,
    );

    const found = await find([compose]);

    expect(images(found)).toEqual([
      'docker.io/library/node:22',
      'docker.io/library/node:24',
      'docker.io/library/postgres:16',
      'example.org/base:1.2.3',
      'example.org/both:1',
      'example.org/data:1',
      'example.org/executor:1.2.3',
      'example.org/off:1',
    ]);
    const places = found.finds.map(({ certainty, evidence: { source, line, path } }) => [
      `${source.slice(folder.length + 1)}:${line} ${path}`,
      certainty,
    ]);
    expect(Object.fromEntries(places)).toMatchObject({
      'other/base.yml:3 service app': 'certain',
      'db.yml:3 service db': 'certain',
      'web/Dockerfile:2 FROM': 'certain',
      'docker-compose.yml:7 service app environment.EXECUTOR_IMAGE': 'likely',
      'docker-compose.yml:13 service both': 'likely',
      'docker-compose.yml:16 service off': 'certain',
    });
  });

  test('an image that only a given variable completes is reported until it has a value', async () => {
    const compose = write('compose.yaml', 'services:\n  a:\n    image: example.org/a:${VERSION}\n');

    const without = await find([compose]);
    const given = await find([compose], { variables: (name) => (name === 'VERSION' ? '3' : undefined) });

    expect(unknown(without)).toEqual([expect.stringMatching(/^compose\.yaml:3 service a: .* needs VERSION, which/)]);
    expect(without.skipped).toEqual([]);
    expect(images(given)).toEqual(['example.org/a:3']);
  });

  test('standard input may have any format', async () => {
    const from = async (text: string) =>
      images(
        await find(['-'], {
          standardInput: async function* () {
            yield text.slice(0, 20);
            yield text.slice(20);
          },
        }),
      );

    expect(await from(pod('nginx:1.27'))).toEqual(['docker.io/library/nginx:1.27']);
    expect(await from('services:\n  a:\n    image: redis:7\n')).toEqual(['docker.io/library/redis:7']);
    expect(await from('# base\nARG V=3\nFROM alpine:$V\nRUN true\n')).toEqual(['docker.io/library/alpine:3']);
    expect(await from('nginx:1.27\nredis:7\n')).toEqual(['docker.io/library/nginx:1.27', 'docker.io/library/redis:7']);
  });

  test('a folder is searched for every known file, without version control and downloaded packages', async () => {
    write('deploy/app.yaml', pod('example.org/app:1'));
    write('deploy/Dockerfile.worker', 'FROM example.org/worker:1\n');
    write('compose.yml', 'services:\n  a: {image: "example.org/compose:1"}\n');
    write('image-list.txt', 'example.org/list:1\n');
    write('README.md', 'example.org/readme:1\n');
    write('.git/x.yaml', pod('example.org/git:1'));
    write('node_modules/x/y.yaml', pod('example.org/package:1'));
    write('templates/x.yaml', '{{- if .Values.x }}\nimage: example.org/template:1\n{{- end }}\n');
    symlinkSync(folder, join(folder, 'again'));

    const found = await find([folder]);

    expect(images(found)).toEqual(['app', 'compose', 'list', 'worker'].map((name) => `example.org/${name}:1`));
    expect(reasons(found)).toEqual(['templates/x.yaml: it is a template: what it renders is not known']);
  });

  test('a link to a folder is reported unless its target is read', async () => {
    write('deploy/app.yaml', pod('example.org/app:1'));
    write('node_modules/x/y.yaml', pod('example.org/package:1'));
    write('other/app.yaml', pod('example.org/other:1'));
    symlinkSync(join(folder, 'other'), join(folder, 'deploy', 'base'));
    symlinkSync(join(folder, 'node_modules', 'x'), join(folder, 'deploy', 'package'));

    const all = await find([folder]);
    const part = await find([join(folder, 'deploy')]);

    const reason = 'it is a link to a folder, which is not followed: pass that folder, too';
    expect(reasons(all)).toEqual([`deploy/package: ${reason}`]);
    expect(reasons(part)).toEqual([`deploy/base: ${reason}`, `deploy/package: ${reason}`]);
  });

  test('expressions of GitHub do not make a file a template, and an image with one is not known', async () => {
    const found = await find([
      write('ci/job.yaml', pod('example.org/app:1').replace('name: a}', 'name: "${{ inputs.name }}"}')),
      write('ci/image.yaml', pod('example.org/app:${{ inputs.tag }}')),
    ]);

    expect(images(found)).toEqual(['example.org/app:1']);
    expect(unknown(found)).toEqual([expect.stringMatching(/^ci\/image\.yaml:6 Pod a .*is not an image reference$/)]);
  });

  test('an input without an image says so', async () => {
    const found = await find([write('config.yaml', 'log: {level: debug}\n'), write('empty.txt', '')]);

    expect(found.finds).toEqual([]);
    expect(reasons(found)).toEqual([
      'config.yaml: no image is named in it',
      expect.stringMatching(/^empty\.txt: it is none of the known formats/),
    ]);
  });
});

describe('images that are named and not known', () => {
  test.each([
    ['an image without a value', 'image: "example.org/a:${TAG}"', /:3 service a: .*needs TAG/],
    ['an image that must be set', 'image: "example.org/a:${TAG:?no tag}"', /:3 service a: .*must be set/],
    ['a text that is no reference', 'image: "Not An Image"', /:3 service a: /],
    [
      'an image volume',
      'image: a:1\n    volumes: [{type: image, source: "b:${TAG}"}]',
      /\(image volume\): TAG has no value/,
    ],
    [
      'a variable for an image',
      'image: a:1\n    environment: {JOB_IMAGE: "b:${TAG}"}',
      /:4 service a environment\.JOB_IMAGE: TAG/,
    ],
    [
      'a variable that is handed on',
      'image: a:1\n    environment: [JOB_IMAGE]',
      /service a environment\.JOB_IMAGE: JOB_IMAGE/,
    ],
    [
      'an argument',
      'image: a:1\n    command: ["--job=example.org/b:${TAG}"]',
      /service a command\[0\]: TAG has no value/,
    ],
    ['a build context', 'build: {context: "${DIR}"}', /\(build\): its Dockerfile is not known: DIR has no value/],
    ['a missing Dockerfile', 'image: a:1\n    build: ./absent', /\(build\): its Dockerfile \S+ does not exist/],
    ['a build from a repository', 'build: https://example.org/x.git', /\(build\): it is built from https/],
    [
      'an image as a build context',
      'build: {context: web, additional_contexts: {x: "docker-image://b:${TAG}"}}',
      /\(build\): TAG has no value/,
    ],
    [
      'a build argument',
      'build: {context: web, args: {BASE: "${OTHER}"}}',
      /web\/Dockerfile:2 FROM \S+: BASE has no value/,
    ],
    ['a base image', 'build: open', /open\/Dockerfile:2 FROM \S+: BASE has no value and no default/],
  ])('%s of a compose file', async (_what, service, expected) => {
    write('web/Dockerfile', 'ARG BASE=example.org/base:1\nFROM ${BASE}\n');
    write('open/Dockerfile', 'ARG BASE\nFROM ${BASE}\n');
    const compose = write('compose.yaml', `services:\n  a:\n    ${service}\n  b:\n    image: example.org/known:1\n`);

    const found = await find([compose]);

    expect(images(found)).toContain('example.org/known:1');
    expect(unknown(found)).toEqual([expect.stringMatching(expected)]);
    expect(found.unread).toEqual([]);
  });

  test('variables that name no image may have no value', async () => {
    const compose = write(
      'compose.yaml',
      'services:\n  a:\n    image: a:1\n    environment: {HOST: "${HOST}", IMAGE_TAG: "${TAG}", LOG: "${DIR}/log"}\n    labels: {x: "${Y}"}\n',
    );

    const found = await find([compose]);

    expect(unknown(found)).toEqual([]);
    expect(found.unread).toEqual([]);
  });

  test('a missing environment file of an include is reported, also where a default hides it', async () => {
    write('part.yml', 'services:\n  b: {image: "example.org/b:${TAG:-1}"}\n');
    const compose = write('compose.yml', 'include:\n  - {path: part.yml, env_file: absent.env}\n');

    const found = await find([compose]);

    expect(reasons(found)).toEqual([
      expect.stringMatching(/^compose\.yml: environment file \S*absent\.env: it does not exist$/),
    ]);
  });

  test('a text that is too long to be searched', async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: "${'word '.repeat(220_000)}"\n`;

    const found = await find([write('map.yaml', text)]);

    expect(unknown(found)).toEqual([
      'map.yaml:5 ConfigMap a data.x: a text has 1100000 characters; the maximum is 1048576',
    ]);
  });
});

describe('hostile and broken inputs', () => {
  test('a bomb of YAML aliases is refused', async () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
        : `a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`,
    );

    const found = await find([write('bomb.yaml', `apiVersion: v1\nkind: Pod\n${levels.join('\n')}\n`)]);

    expect(reasons(found)[0]).toMatch(/^bomb\.yaml:1: it cannot be resolved: Excessive alias count/);
  });

  test('a file of 100 MB is refused by its size alone', async () => {
    const path = write('large.yaml', '');
    truncateSync(path, 100 * 1024 * 1024);

    const found = await find([path]);

    expect(reasons(found)).toEqual([
      expect.stringMatching(/^large\.yaml: it has 104857600 bytes or more; the maximum is/),
    ]);
  });

  test('standard input of 100 MB ends at the limit', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    let sent = 0;
    const found = await find(['-'], {
      standardInput: async function* () {
        for (; sent < 100; sent += 1) yield chunk;
      },
    });

    expect(found.unread[0]?.reason).toContain('the maximum is');
    expect(sent).toBeLessThan(40);
  });

  test('10,000 documents are read one by one', async () => {
    const text = Array.from({ length: 10_000 }, (_, index) => pod(`example.org/app:${index % 100}`)).join('---\n');

    const found = await find([write('many.yaml', text)]);

    expect(images(found)).toHaveLength(100);
    expect(found.finds).toHaveLength(10_000);
    expect(found.finds.at(-1)?.evidence.line).toBe(text.split('\n').length - 1);
  }, 60_000);

  test('one broken document does not hide the others', async () => {
    const found = await find([write('x.yaml', `${pod('example.org/a:1')}---\na: [1\n---\n${pod('example.org/b:1')}`)]);

    expect(images(found)).toEqual(['example.org/a:1', 'example.org/b:1']);
    expect(reasons(found)).toEqual([expect.stringMatching(/^x\.yaml:\d+: it is not YAML/)]);
  });

  test('lists that are nested too deeply are refused before they are parsed', async () => {
    const deep = await find([write('deep.yaml', `apiVersion: v1\nkind: X\na: ${'['.repeat(100_000)}\n`)]);
    const dashes = await find([write('dashes.yaml', `apiVersion: v1\nkind: X\na:\n  ${'- '.repeat(10_000)}x\n`)]);

    expect(reasons(deep)[0]).toContain('nested too deeply');
    expect(reasons(dashes)[0]).toContain('nested too deeply');
  });

  test('JSON that is nested deeper than the stack is read without an error of the process', async () => {
    const found = await find([write('deep.json', `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)]);

    expect(found.finds).toEqual([]);
    expect(unknown(found)).toEqual(['deep.json: what is nested more than 100 deep is not read']);
  });

  test('texts of blank lines, comments or one long word are judged at once', async () => {
    const texts = ['\n'.repeat(500_000), '#\n'.repeat(200_000), 'a.'.repeat(300_000), ' \n\t\n'.repeat(200_000)];

    for (const text of texts) {
      const start = performance.now();
      const found = await find([write('text', `${text}x: y z\n`)]);

      expect(found.finds).toEqual([]);
      expect(performance.now() - start).toBeLessThan(10_000);
    }
  }, 60_000);

  test('binary files, pipes, devices and missing files are refused', async () => {
    writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]));
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from([0x61, 0xe9, 0x0a]));

    const found = await find([
      join(folder, 'binary.yaml'),
      join(folder, 'latin1.yaml'),
      '/dev/zero',
      join(folder, 'absent.yaml'),
    ]);

    expect(reasons(found)).toEqual([
      'binary.yaml: it is binary, not text',
      'latin1.yaml: it is not text in UTF-8',
      '/dev/zero: it is neither a file nor a folder',
      'absent.yaml: there is no such file or folder',
    ]);
  });

  test('a file without permission is reported, and the others are read', async () => {
    chmodSync(write('secret.yaml', pod('example.org/secret:1')), 0);
    write('open.yaml', pod('example.org/open:1'));
    chmodSync(folder, 0o755);

    const found = await asOrdinaryUser(async () => await find([folder]));

    expect(images(found)).toEqual(['example.org/open:1']);
    expect(reasons(found)).toEqual(['secret.yaml: permission to read it is denied']);
  });

  test('a symbolic link to itself is reported', async () => {
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'));

    expect(reasons(await find([join(folder, 'loop.yaml')]))).toEqual(['loop.yaml: it is a symbolic link to itself']);
  });

  test('compose files that include one another end', async () => {
    write('a.yml', 'include: [b.yml]\nservices:\n  a: {image: "example.org/a:1"}\n');
    write('b.yml', 'include: [a.yml]\nservices:\n  b: {image: "example.org/b:1"}\n');

    const found = await find([join(folder, 'a.yml')]);

    expect(images(found)).toEqual(['example.org/a:1', 'example.org/b:1']);
    expect(reasons(found)).toEqual([expect.stringContaining('a.yml is included in a cycle')]);
  });

  test('a chart without Helm says what is missing, and the other inputs are read', async () => {
    write('chart/Chart.yaml', 'name: x\nversion: 1.0.0\n');
    write('app.yaml', pod('example.org/app:1'));

    const found = await find([folder]);

    expect(images(found)).toEqual(['example.org/app:1']);
    expect(reasons(found)).toEqual(['chart: Helm is needed to render this, and is missing']);
  });
});

/** Root may read everything. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
