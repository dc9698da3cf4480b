import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { helmValues } from '../../src/consumers/helm-values.js';
import { kustomizeImages } from '../../src/consumers/kustomize-images.js';
import { manifestRewrite } from '../../src/consumers/manifest-rewrite.js';
import { indexOf, mirrored, registry, digestA } from './mirror-stage.js';

const images = [
  mirrored('docker.io/library/nginx:1.27'),
  mirrored('docker.io/library/nginx:1.28'),
  mirrored('quay.io/prometheus/prometheus:v3.0.0'),
  mirrored('quay.io/prometheus-operator/prometheus-config-reloader:v0.80.0'),
  mirrored('docker.io/library/busybox:1.36', { repository: 'mirror/busybox-abcdefghij' }),
];
const index = indexOf(images);

const manifests = `# two documents
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {image: "nginx:1.27"}}
spec:
  template:
    spec:
      initContainers:
      - {name: init, image: busybox:1.36}
      containers:
      - name: web
        image: docker.io/library/nginx:1.27 # the server
        args: ["--prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:v0.80.0", --x=1:2]
        env:
        - name: RELATED_IMAGE_PROMETHEUS
          value: 'quay.io/prometheus/prometheus:v3.0.0'
        - {name: IMAGE_NAME, value: other:1}
      volumes:
      - name: model
        image: {reference: nginx:1.28, pullPolicy: Always}
---
---
apiVersion: v1
kind: List
items:
- apiVersion: monitoring.coreos.com/v1
  kind: Prometheus
  spec: {image: "quay.io/prometheus/prometheus:v3.0.0"}
- apiVersion: v1
  kind: Pod
  spec:
    ephemeralContainers: [{name: debug, image: busybox:1.36}]
`;

describe('Kubernetes files with mirrored names', () => {
  test('pods of every kind, image volumes, and known images in arguments, variables and custom resources are rewritten', () => {
    const { files, missing, gaps, notes } = manifestRewrite(manifests, index, 'app.yaml');

    const expected = manifests
      .replaceAll(' busybox:1.36', ` ${registry}/mirror/busybox-abcdefghij:1.36`)
      .replace('docker.io/library/nginx:1.27 #', `${registry}/mirror/nginx:1.27 #`)
      .replace('annotations: {image: "nginx:1.27"}', `annotations: {image: "${registry}/mirror/nginx:1.27"}`)
      .replace('reference: nginx:1.28', `reference: ${registry}/mirror/nginx:1.28`)
      .replaceAll('quay.io/prometheus/', `${registry}/mirror/`)
      .replace('quay.io/prometheus-operator/', `${registry}/mirror/`);
    expect(files[0]?.text).toBe(expected);
    expect({ missing, gaps }).toEqual({ missing: [], gaps: [] });
    expect(notes.filter((note) => note.includes('is replaced'))).toHaveLength(4);
    expect(notes).toContainEqual(expect.stringContaining('other:1 may be an image, and is not replaced'));
  });

  test('a container whose image is not on the target is missing, with file, line and path', () => {
    const pod = 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: nginx:1.29\n';

    const { missing } = manifestRewrite(pod, index, 'pod.yaml');

    expect(missing).toEqual([
      {
        image: 'docker.io/library/nginx:1.29',
        where: 'pod.yaml:6: spec.containers[0].image',
        reason: 'not on the target, which has 1.27, 1.28',
      },
    ]);
  });

  test.each([
    ['services: {}', 'not a Kubernetes object'],
    ['', 'no Kubernetes object'],
    ['apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "Bad Name"}]}', 'pod.yaml:3: spec.containers[0].image'],
  ])('%j is refused with its place', (text, reason) => {
    expect(() => manifestRewrite(text, index, 'pod.yaml')).toThrow(reason);
  });

  test('kustomize gets a rule for each name as it is written, and what it cannot change is said', () => {
    const { files, gaps } = kustomizeImages(manifests, index, 'app.yaml');

    expect(parse(files[0]?.text ?? '')).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1',
      kind: 'Component',
      images: [
        { name: 'busybox', newName: `${registry}/mirror/busybox-abcdefghij` },
        { name: 'docker.io/library/nginx', newName: `${registry}/mirror/nginx` },
      ],
    });
    expect(gaps.map((gap) => gap.split(': ', 2)[1]?.split(']').at(-1))).toEqual([
      'metadata.annotations.image',
      '.args',
      '.value',
      '.image.reference',
      '.spec.image',
      '.image',
    ]);
  });

  test('kustomize can pin one digest for each name only', () => {
    const pod = (tag: string): string =>
      `apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "nginx:${tag}"}]}\n`;
    const pinned = indexOf(
      [...images.slice(0, 1), mirrored('docker.io/library/nginx:1.28', { digest: `sha256:${'c'.repeat(64)}` })],
      {
        pinned: true,
      },
    );

    const { files, gaps } = kustomizeImages(`${pod('1.27')}---\n${pod('1.28')}`, pinned, 'pods.yaml');

    expect(parse(files[0]?.text ?? '')).toMatchObject({ images: [{ name: 'nginx', digest: digestA }] });
    expect(gaps).toEqual([expect.stringContaining('kustomize has one rule for each name')]);
  });
});

describe('values of Helm charts with mirrored names', () => {
  test('registry, repository and tag are replaced where the chart has them, and lists are written as a whole', () => {
    const values = `
global: {imageRegistry: ""}
image:
  repository: nginx
  tag: 1.27     # a number
  pullPolicy: IfNotPresent
prometheus:
  image: {registry: quay.io, repository: prometheus/prometheus, tag: v3.0.0, sha: ""}
controller:
  image: {registry: docker.io, image: nginx, repository: library/nginx, digest: ""}
sidecarImage: busybox:1.36
extraContainers:
- name: a
  image: {repository: nginx, tag: "1.28"}
  resources: {}
source: {repository: https://charts.example.com/x, tag: v1}
`;

    const { files, missing, gaps, notes } = helmValues(values, index, 'values.yaml');

    expect(parse(files[0]?.text ?? '')).toEqual({
      image: { repository: `${registry}/mirror/nginx`, tag: '1.27' },
      prometheus: { image: { registry, repository: 'mirror/prometheus', tag: 'v3.0.0' } },
      controller: { image: { registry, repository: 'mirror/nginx' } },
      sidecarImage: `${registry}/mirror/busybox-abcdefghij:1.36`,
      extraContainers: [{ name: 'a', image: { repository: `${registry}/mirror/nginx`, tag: '1.28' }, resources: {} }],
    });
    expect({ missing, gaps }).toEqual({ missing: [], gaps: [] });
    expect(notes).toContainEqual(
      'values.yaml:10: controller.image: the chart chooses the tag of docker.io/library/nginx; on the target are 1.27, 1.28',
    );
  });

  test('an image that is not on the target is missing, and a global registry is a gap', () => {
    const values =
      'global: {imageRegistry: example.com}\nimage: {repository: redis, tag: "7"}\nweb: {image: {repository: a/b}}\n';

    const { missing, gaps } = helmValues(values, index, 'values.yaml');

    expect(missing.map(({ image }) => image)).toEqual(['docker.io/library/redis:7', 'docker.io/a/b:TAG']);
    expect(gaps).toEqual([expect.stringContaining('global registry example.com')]);
  });
});

describe('hostile files', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    .concat(
      ['b', 'c', 'd', 'e', 'f', 'g'].map((key, at) => `${key}: &${key} [${`*${'abcdef'[at] ?? 'a'},`.repeat(9)}]`),
    )
    .join('\n');

  test.each([
    [
      'values with aliases that expand without end',
      () => helmValues(bomb, index, 'f'),
      'f: its aliases cannot be resolved',
    ],
    [
      'a manifest of 17 MB',
      () => manifestRewrite('#'.repeat(17 * 1024 * 1024), index, 'f'),
      'f: it has 17825792 characters',
    ],
    [
      '10,001 documents',
      () => manifestRewrite('a: 1\n---\n'.repeat(10_001), index, 'f'),
      'f: the document in line 1 is not',
    ],
    [
      'lists in lists',
      () => manifestRewrite('['.repeat(20_000), index, 'f'),
      'f: its lists and maps are nested too deeply',
    ],
    [
      'nested dashes',
      () => manifestRewrite('- '.repeat(20_000), index, 'f'),
      'f: its lists and maps are nested too deeply',
    ],
  ])('%s are refused with the name of the file', (_, read, reason) => {
    expect(read).toThrow(reason);
  });

  test('the aliases of a manifest are not expanded', () => {
    const pod = `apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "nginx:1.27"}]}\n${bomb}\n`;

    const { files } = manifestRewrite(pod, index, 'f');

    expect(files[0]?.text).toBe(pod.replace('nginx:1.27', `${registry}/mirror/nginx:1.27`));
  });

  test('10,000 Pods in one file are rewritten', () => {
    const pods = Array.from(
      { length: 9_999 },
      (_, at) =>
        `apiVersion: v1\nkind: Pod\nmetadata: {name: p${at}}\nspec: {containers: [{name: a, image: "nginx:1.27"}]}\n`,
    );

    const { files, missing } = manifestRewrite(pods.join('---\n'), index, 'f');

    expect(missing).toEqual([]);
    expect(files[0]?.text.match(/mirror\/nginx:1\.27/g)).toHaveLength(9_999);
  });
});
