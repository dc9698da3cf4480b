import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { printImageReference } from '@image-ferry/registry/reference';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readChartFiles } from '../../src/discovery/chart-files.js';
import { discoverPaths } from '../../src/discovery/discover-paths.js';
import type { DiscoverOptions } from '../../src/discovery/discover-paths.js';
import type { Discovery } from '../../src/discovery/discovery.js';
import { runProgram, withPrivateFolder } from '../../src/discovery/run-program.js';
import { createGitHub } from '../../src/upstreams/github.js';
import { createUpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import { realChartPrograms } from '../support/chart-programs.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import { startRegistry } from '../support/registry-server.js';
import { requireTool } from '../support/tools.js';

const files: Readonly<Record<string, string>> = {
  'Chart.yaml': `apiVersion: v2
name: shop
version: 1.2.3
appVersion: "4.5"
annotations:
  artifacthub.io/images: |
    - name: shop
      image: example.org/shop:4.5
    - name: helper
      image: example.org/helper:9
  helm.sh/images: |
    - name: web
      image: example.org/web:old
dependencies:
  - {name: cache, version: 1.0.0, condition: cache.enabled}
  - {name: search, version: 1.0.0, condition: search.enabled}
`,
  'values.yaml': `image: {repository: example.org/shop, tag: ""}
web: {image: "example.org/web:1"}
metrics:
  enabled: false
  image: {registry: quay.io, repository: org/exporter, tag: v2}
cache: {enabled: true}
search: {enabled: false}
`,
  'templates/app.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-shop"}
spec:
  template:
    spec:
      initContainers:
      - {name: wait, image: busybox:1.36}
      containers:
      - {name: shop, image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"}
      - {name: web, image: {{ .Values.web.image | quote }}}
{{- if .Values.metrics.enabled }}
      - {name: metrics, image: "quay.io/org/exporter:v2"}
{{- end }}
`,
  'templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {"helm.sh/hook": pre-install}}
spec:
  template:
    spec:
      containers: [{name: hook, image: example.org/hook:1}]
`,
  'templates/tests/test.yaml': `apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {"helm.sh/hook": test}}
spec:
  containers: [{name: test, image: example.org/test:1}]
`,
  'crds/crd.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  versions:
  - schema:
      openAPIV3Schema:
        properties:
          image:
            description: as quay.io/org/in-a-description:1
            default: quay.io/org/default-of-crd:1
`,
  'charts/cache/Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 1.0.0\n',
  'charts/cache/values.yaml': 'exporter: {image: {repository: example.org/cache-exporter, tag: v1}}\n',
  'charts/cache/templates/pod.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: cache}\nspec:\n  containers: [{name: a, image: "redis:7.4"}]\n',
  'charts/search/Chart.yaml': 'apiVersion: v2\nname: search\nversion: 1.0.0\n',
  'charts/search/values.yaml': 'image: {repository: example.org/search, tag: v1}\n',
  'charts/search/templates/pod.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: search}\nspec:\n  containers: [{name: a, image: "example.org/search:v1"}]\n',
};

const certain = [
  'docker.io/library/busybox:1.36',
  'docker.io/library/redis:7.4',
  'example.org/helper:9',
  'example.org/hook:1',
  'example.org/shop:4.5',
  'example.org/test:1',
  'example.org/web:1',
];
const likely = [
  'example.org/cache-exporter:v1',
  'example.org/web:old',
  'quay.io/org/default-of-crd:1',
  'quay.io/org/exporter:v2',
];

let folder: string;
let chart: string;
let archive: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-charts-'));
  chart = join(folder, 'shop');
  for (const [path, text] of Object.entries(files)) write(`shop/${path}`, text);
  execFileSync(requireTool('helm'), ['package', chart, '--destination', folder], { env: { HOME: folder } });
  archive = join(folder, 'shop-1.2.3.tgz');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
  return whole;
}

async function find(path: string, options: Partial<DiscoverOptions> = {}): Promise<Discovery> {
  return await discoverPaths([path], {
    variables: () => undefined,
    values: [],
    sets: [],
    programs: realChartPrograms(),
    standardInput: async function* () {},
    ...options,
  });
}

function images({ finds }: Discovery, certainty: 'certain' | 'likely'): readonly string[] {
  const named = (chosen: string) =>
    new Set(finds.filter((one) => one.certainty === chosen).map(({ reference }) => printImageReference(reference)));
  const sure = named('certain');
  return [...named(certainty)].filter((image) => certainty === 'certain' || !sure.has(image)).toSorted();
}

describe('images of charts', () => {
  test('a chart is rendered with hooks, tests, definitions and the charts in it, and its annotations are read', async () => {
    const found = await find(chart);

    expect(found.unread).toEqual([]);
    expect(images(found, 'certain')).toEqual(certain);
    expect(images(found, 'likely')).toEqual(likely);
    const shop = found.finds.find(({ reference }) => reference.path === 'shop');
    expect(shop?.evidence.source).toMatch(/shop\/templates\/app\.yaml \(rendered\)$/);
    expect(shop?.evidence.path).toBe('Deployment release-shop spec.template.spec.containers[0].image');
  });

  test('values switch parts on and replace images', async () => {
    const values = write('values.yaml', 'metrics: {enabled: true}\nsearch: {enabled: true}\n');

    const found = await find(chart, { values: [values], sets: ['web.image=example.org/web:2'] });

    expect(images(found, 'certain')).toEqual(
      expect.arrayContaining(['example.org/search:v1', 'example.org/web:2', 'quay.io/org/exporter:v2']),
    );
    expect(images(found, 'certain')).not.toContain('example.org/web:1');
  });

  test('an archive has the same images as its folder', async () => {
    const found = await find(archive);

    expect(images(found, 'certain')).toEqual(certain);
    expect(images(found, 'likely')).toEqual(likely);
    expect((await readChartFiles(archive, () => undefined)).map((one) => one.folder).toSorted()).toEqual([
      '',
      'charts/cache',
      'charts/search',
    ]);
  });

  test('a folder is searched for packaged charts, and archives of other things are left out', async () => {
    const packages = join(folder, 'packages');
    mkdirSync(packages);
    cpSync(archive, join(packages, 'shop-1.2.3.tgz'));
    execFileSync('tar', ['-czf', join(packages, 'other-1.0.0.tgz'), '-C', folder, 'shop/templates']);
    writeFileSync(join(packages, 'broken-1.0.0.tgz'), 'no archive');

    const found = await find(packages);

    expect(images(found, 'certain')).toEqual(certain);
    expect(found.unread).toEqual([
      {
        source: join(packages, 'broken-1.0.0.tgz'),
        reason: expect.stringContaining('it is no compressed tar archive'),
      },
    ]);
  });

  test('a chart in a registry is pulled by its version', async () => {
    const registry = await startRegistry({ kind: 'distribution' });
    try {
      const address = `oci://${registry.host}/charts`;
      execFileSync(requireTool('helm'), ['push', archive, address, '--plain-http'], { env: { HOME: folder } });

      const found = await find(`${address}/shop:1.2.3`);

      expect(found.unread).toEqual([]);
      expect(images(found, 'certain')).toEqual(certain);
    } finally {
      await registry.stop();
    }
  });

  test('what Helm refuses is reported with its reason and what to do', async () => {
    const broken = dirname(
      write('broken/Chart.yaml', 'apiVersion: v2\nname: broken\nversion: 1.0.0\nkubeVersion: "<1.20"\n'),
    );
    write(
      'missing/Chart.yaml',
      'apiVersion: v2\nname: missing\nversion: 1.0.0\ndependencies:\n- {name: x, version: 1.0.0, repository: "https://example.org"}\n',
    );
    const noArchive = write('not-a-chart.tgz', 'text');

    const [version] = (await find(broken)).unread;
    const [dependency] = (await find(join(folder, 'missing'))).unread;
    const [text] = (await find(noArchive)).unread;

    expect(version?.reason).toContain('pass the version of your cluster with --kube-version');
    expect(dependency?.reason).toContain('run "helm dependency build" in the chart first');
    expect(text?.reason).toContain('helm template');
  });

  test('a chart cannot run a program, read the environment or reach a cluster', async () => {
    const path = dirname(write('nosy/Chart.yaml', 'apiVersion: v2\nname: nosy\nversion: 1.0.0\n'));
    write(
      'nosy/templates/x.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: "x{{ len (lookup "v1" "Secret" "" "") }}"}\nspec:\n  containers: [{name: a, image: "example.org/a:1"}]\n',
    );

    const found = await find(path, {
      programs: { ...realChartPrograms(), variables: { SECRET: 'x', KUBECONFIG: '/x' } },
    });

    expect(images(found, 'certain')).toEqual(['example.org/a:1']);
    await withPrivateFolder({ SECRET: 'x', HTTPS_PROXY: 'http://proxy' }, async (own, environment) => {
      expect(environment).toEqual({ HTTPS_PROXY: 'http://proxy', HOME: own, PATH: '', KUBECONFIG: '/dev/null' });
    });
  });

  test('a program that prints or takes too much is ended', async () => {
    const run = { what: 'test', program: process.execPath, environment: {} };

    await expect(
      runProgram({ ...run, program: '/usr/bin/yes', args: ['more'], mostOutput: 1_000_000 }),
    ).rejects.toThrow('test was ended: it printed more than 1000000 bytes');
    await expect(runProgram({ ...run, args: ['-e', 'setInterval(()=>{},1e3)'], timeoutMs: 500 })).rejects.toThrow(
      'test was ended: it took more than 0.5 s',
    );
  });

  test('an upstream with a chart compares what two releases render', async () => {
    const standIn = await startGitHubStandIn();
    try {
      const watcher = createUpstreamWatcher({
        github: createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1 }),
        registries: { listTags: async () => [] },
        programs: realChartPrograms(),
      });
      standIn.setTags('org/shop', ['v2.0.0', 'v1.0.0']);
      for (const [tag, version] of [
        ['v1.0.0', '4.4'],
        ['v2.0.0', '4.5'],
      ] as const) {
        standIn.setFile('org/shop', tag, 'README.md', 'example.org/readme:1');
        for (const [path, text] of Object.entries(files)) {
          standIn.setFile('org/shop', tag, `deploy/shop/${path}`, text.replaceAll('4.5', version));
        }
      }

      const finding = await watcher.check({
        kind: 'helm',
        name: 'shop',
        repository: 'org/shop',
        chart: 'deploy/shop',
        values: { web: { image: 'example.org/web:3' } },
        order: 'semver',
        prereleases: false,
        scope: 'changed',
        images: { exclude: [], likely: [] },
      });

      expect(finding.changed.map(({ image, oldTag }) => [image, oldTag])).toEqual([['example.org/shop:4.5', '4.4']]);
      expect(finding).toMatchObject({ release: 'v2.0.0', previous: 'v1.0.0', added: [], unchanged: 6 });
      expect(standIn.requests.filter(({ path }) => path.includes('/tarball/'))).toHaveLength(2);
    } finally {
      await standIn.stop();
    }
  });
});

describe('images of kustomizations', () => {
  test('a folder with a kustomization is built, with its bases, replaced images and generated files', async () => {
    write('k/base/kustomization.yaml', 'resources: [app.yaml]\n');
    write('k/base/app.yaml', files['charts/cache/templates/pod.yaml'] ?? '');
    write(
      'k/overlay/kustomization.yaml',
      'resources: [../base]\nimages: [{name: redis, newName: example.org/redis, newTag: "8"}]\n',
    );

    const found = await find(join(folder, 'k/overlay'));

    expect(found.unread).toEqual([]);
    expect(images(found, 'certain')).toEqual(['example.org/redis:8']);
  });

  test('a base in another repository is not fetched, with what to do', async () => {
    write('remote/kustomization.yaml', 'resources: ["https://github.com/org/repo//base?ref=v1"]\n');

    const [fault] = (await find(join(folder, 'remote'))).unread;

    expect(fault?.reason).toContain('| ferry find -"');
  });
});
