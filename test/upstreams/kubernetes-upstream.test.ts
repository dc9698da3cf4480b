import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { HelmUpstream, KubernetesUpstream } from '../../src/domain/upstream.js';
import { createGitHub } from '../../src/upstreams/github.js';
import { createUpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import type { UpstreamWatcher } from '../../src/upstreams/upstream-watcher.js';
import { noChartPrograms } from '../support/chart-programs.js';
import { startGitHubStandIn } from '../support/github-stand-in.js';
import type { GitHubStandIn } from '../support/github-stand-in.js';

const upstream: KubernetesUpstream = {
  kind: 'kubernetes',
  name: 'operator',
  repository: 'org/operator',
  files: ['deploy/operator.yaml', 'deploy/extra.yaml'],
  order: 'semver',
  prereleases: false,
  scope: 'changed',
  images: { exclude: [], likely: [] },
};

const operator = (version: string): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: system}
spec:
  template:
    spec:
      containers:
      - name: operator
        image: example.org/operator:${version}
        args: ["--sidecar-image=example.org/sidecar:${version}"]
`;
const extra = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: extra}\nspec:\n  containers:\n  - {name: a, image: "${image}"}\n`;

describe('upstreams of Kubernetes manifests', () => {
  let standIn: GitHubStandIn;
  let watcher: UpstreamWatcher;

  beforeEach(async () => {
    standIn = await startGitHubStandIn();
    watcher = createUpstreamWatcher({
      github: createGitHub({ apiUrl: standIn.url, token: () => undefined, retryPauseMs: 1 }),
      registries: { listTags: async () => [] },
      programs: noChartPrograms,
    });
    standIn.setTags('org/operator', ['v1.1.0', 'v1.0.0']);
    for (const version of ['1.0.0', '1.1.0']) {
      standIn.setFile('org/operator', `v${version}`, 'deploy/operator.yaml', operator(version));
      standIn.setFile('org/operator', `v${version}`, 'deploy/extra.yaml', extra('busybox:1.36'));
    }
  });
  afterEach(async () => await standIn.stop());

  test('the newest release is compared with the previous one by image and by object', async () => {
    const finding = await watcher.check(upstream);

    expect(finding).toMatchObject({ release: 'v1.1.0', previous: 'v1.0.0', isNew: true, unchanged: 1 });
    expect(finding.changed).toEqual([
      {
        image: 'example.org/operator:1.1.0',
        services: ['Deployment system/operator'],
        oldTag: '1.0.0',
        newTag: '1.1.0',
      },
    ]);
    expect(finding.wanted).toEqual([
      {
        image: 'example.org/operator:1.1.0',
        service: 'Deployment system/operator',
        oldTag: '1.0.0',
        newTag: '1.1.0',
      },
    ]);
    expect(finding.skipped).toEqual([
      { what: 'example.org/sidecar:1.1.0', reason: 'it is only likely; "likely" can select it' },
    ]);
  });

  test('patterns select likely images, and leave others out', async () => {
    const finding = await watcher.check({
      ...upstream,
      scope: 'release',
      images: { exclude: ['busybox'], likely: ['example.org/*'] },
    });

    expect(finding.wanted.map(({ image }) => image)).toEqual([
      'example.org/operator:1.1.0',
      'example.org/sidecar:1.1.0',
    ]);
    expect(finding.skipped).toEqual([
      { what: 'docker.io/library/busybox:1.36', reason: 'an exclude pattern matches it' },
    ]);
  });

  test('a manifest that cannot be parsed fails the check, since images would be missing', async () => {
    standIn.setFile('org/operator', 'v1.1.0', 'deploy/extra.yaml', 'a: [1\n');

    await expect(watcher.check(upstream)).rejects.toThrow(
      /deploy\/extra\.yaml of org\/operator at v1\.1\.0:\d+ cannot be read: it is not YAML/,
    );
  });

  test('a missing manifest fails the check with its path', async () => {
    await expect(watcher.check({ ...upstream, files: ['deploy/none.yaml'] })).rejects.toThrow('deploy/none.yaml');
  });

  test('an upstream with a chart fails with advice where Helm is missing', async () => {
    standIn.setFile('org/operator', 'v1.1.0', 'chart/Chart.yaml', 'apiVersion: v2\nname: chart\nversion: 1.1.0\n');
    const { files: _files, ...rest } = upstream;
    const helm: HelmUpstream = { ...rest, kind: 'helm', chart: 'chart', values: {} };

    await expect(watcher.check(helm)).rejects.toThrow(
      'chart of org/operator at v1.1.0 cannot be read: Helm is needed to render this, and is missing',
    );
    await expect(watcher.check({ ...helm, chart: 'charts/other' })).rejects.toThrow(
      'charts/other of org/operator at v1.1.0 is not a chart: there is no such folder',
    );
  });
});
