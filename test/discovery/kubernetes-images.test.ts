import { printImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import { Discovery } from '../../src/discovery/discovery.js';
import { readYaml } from '../../src/discovery/read-text.js';
import { groupFinds } from '../../src/domain/found-image.js';

function find(text: string) {
  const discovery = new Discovery();
  readYaml(discovery, text, 'app.yaml');
  return discovery;
}

function images({ finds }: Discovery, certainty: 'certain' | 'likely') {
  const chosen = finds.filter((one) => one.certainty === certainty);
  return [...new Set(chosen.map(({ reference }) => printImageReference(reference)))].toSorted();
}

const podSpec = (indent: string, name: string): string =>
  [
    'initContainers:',
    `- {name: init, image: "example.org/${name}/init:1"}`,
    'containers:',
    `- {name: main, image: "example.org/${name}/main:1"}`,
    'ephemeralContainers:',
    `- {name: debug, image: "example.org/${name}/debug:1"}`,
    'volumes:',
    `- {name: model, image: {reference: "example.org/${name}/model:1", pullPolicy: IfNotPresent}}`,
  ]
    .map((line) => `${indent}${line}`)
    .join('\n');

describe('images of Kubernetes objects', () => {
  test.each([
    ['Pod', 'v1', 'spec:\n', '  '],
    ['ReplicationController', 'v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['PodTemplate', 'v1', 'template:\n  spec:\n', '    '],
    ['Deployment', 'apps/v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['StatefulSet', 'apps/v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['DaemonSet', 'apps/v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['ReplicaSet', 'apps/v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['Job', 'batch/v1', 'spec:\n  template:\n    spec:\n', '      '],
    ['CronJob', 'batch/v1', 'spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n', '          '],
    ['Rollout', 'argoproj.io/v1alpha1', 'spec:\n  template:\n    spec:\n', '      '],
  ])('a %s names the images of all its containers and of its image volumes', (kind, version, head, indent) => {
    const name = kind.toLowerCase();

    const found = find(
      `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: app, namespace: shop}\n${head}${podSpec(indent, name)}\n`,
    );

    expect(images(found, 'certain')).toEqual(
      ['debug:1', 'init:1', 'main:1', 'model:1'].map((image) => `example.org/${name}/${image}`),
    );
    expect(found.unread).toEqual([]);
  });

  test('a find says in which file, on which line and at which path of which object it is', () => {
    const text = [
      '# comment',
      '---',
      'apiVersion: apps/v1',
      'kind: Deployment',
      'metadata:',
      '  name: web',
      '  namespace: shop',
      'spec:',
      '  template:',
      '    spec:',
      '      containers:',
      '        - name: web',
      '          image: nginx:1.27',
    ].join('\n');

    const { finds } = find(text);

    expect(finds.map(({ evidence }) => evidence)).toEqual([
      {
        source: 'app.yaml',
        line: 13,
        path: 'Deployment shop/web spec.template.spec.containers[0].image',
        rule: 'container',
        text: 'nginx:1.27',
      },
    ]);
  });

  test('lists are read item by item, also those that kubectl prints, with the lines of the whole file', () => {
    const pod = (name: string): string =>
      `- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: ${name}\n    annotations:\n      note: ${'x'.repeat(3_000)}\n  spec:\n    containers:\n    - name: a\n      image: example.org/${name}:1\n`;
    const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
    const text = `apiVersion: v1\nitems:\n${names.map(pod).join('')}kind: List\nmetadata: {}\n`;

    const found = find(text);

    expect(images(found, 'certain')).toHaveLength(40);
    const lines = text.split('\n');
    for (const { evidence } of found.finds) expect(lines[(evidence.line ?? 0) - 1]).toContain(evidence.text);
  });

  test('lists in JSON are read, and the status of a Pod is not', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'a', image: 'redis:7.4' }] },
      status: { containerStatuses: [{ image: 'docker.io/library/redis:status', imageID: 'x' }] },
    };

    const found = find(JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [pod] }, null, 2));

    expect(images(found, 'certain')).toEqual(['docker.io/library/redis:7.4']);
    expect(images(found, 'likely')).toEqual([]);
    expect(found.finds[0]?.evidence.line).toBeGreaterThan(10);
  });

  test('an image key of a custom resource is certain if it has a version', () => {
    const found = find(
      'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s}\nspec:\n  image: quay.io/prometheus/prometheus:v3.5.0\n  logo:\n    image: picture\n',
    );

    expect(images(found, 'certain')).toEqual(['quay.io/prometheus/prometheus:v3.5.0']);
    expect(images(found, 'likely')).toEqual([]);
  });

  test('variables and arguments that hold images are likely', () => {
    const found = find(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator}
spec:
  template:
    spec:
      containers:
        - name: operator
          image: example.org/operator:1
          args:
            - --prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0
            - --engine-image
            - longhornio/longhorn-engine:v1.9.0
            - --listen=0.0.0.0:8080
            - --log-level=debug:1
          env:
            - {name: RELATED_IMAGE_PROXY, value: example.org/proxy@sha256:${'a'.repeat(64)}}
            - {name: IMAGE_PULL_POLICY, value: IfNotPresent}
            - {name: SIDECAR_IMAGE, value: busybox:1.36}
            - {name: ADDRESS, value: redis.default.svc.cluster.local:6379}
`);

    expect(images(found, 'likely')).toEqual([
      'docker.io/library/busybox:1.36',
      'docker.io/longhornio/longhorn-engine:v1.9.0',
      `example.org/proxy@sha256:${'a'.repeat(64)}`,
      'quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0',
    ]);
    expect(images(found, 'certain')).toEqual(['example.org/operator:1']);
  });

  test('registry, repository and tag in fields of their own are likely', () => {
    const found = find(`
apiVersion: nvidia.com/v1
kind: ClusterPolicy
metadata: {name: policy}
spec:
  toolkit: {repository: nvcr.io/nvidia/k8s, image: container-toolkit, version: v1.17.8}
  dcgm: {repository: nvcr.io/nvidia, image: dcgm, version: "sha256:${'b'.repeat(64)}"}
  proxy:
    image: {registry: quay.io, repository: org/proxy, tag: 1.2, digest: ""}
  chart: {repository: https://charts.example.org, version: 1.0.0}
`);

    expect(images(found, 'likely')).toEqual([
      `nvcr.io/nvidia/dcgm@sha256:${'b'.repeat(64)}`,
      'nvcr.io/nvidia/k8s/container-toolkit:v1.17.8',
      'quay.io/org/proxy:1.2',
    ]);
  });

  test('the hub and the tag around an image apply to it', () => {
    const values = JSON.stringify({
      global: { hub: 'registry.istio.io/release', tag: '1.29.0', proxy: { image: 'proxyv2' } },
    });
    const found = find(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\ndata:\n  values: |-\n    ${values}\n`,
    );

    expect(images(found, 'likely')).toEqual(['registry.istio.io/release/proxyv2:1.29.0']);
  });

  test('files in a ConfigMap may name images, and Secrets are not read', () => {
    const text = `
apiVersion: v1
kind: ConfigMap
metadata: {name: local-path}
data:
  helperPod.yaml: |-
    apiVersion: v1
    kind: Pod
    metadata: {name: helper}
    spec:
      containers:
      - name: helper
        image: busybox:1.36
  plain.conf: |
    runner = registry.gitlab.com/gitlab-org/runner:alpine-v18
    url = https://example.com/files/page:1
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData:
  image: example.org/secret/thing:1
`;
    const found = find(text);

    expect(images(found, 'likely')).toEqual([
      'docker.io/library/busybox:1.36',
      'registry.gitlab.com/gitlab-org/runner:alpine-v18',
    ]);
    expect(JSON.stringify(found)).not.toContain('secret/thing');
  });

  test('an anchor is followed, and its line is that of the value', () => {
    const found = find(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: &l {x: y}}\nx: &base\n  name: a\n  image: example.org/base:1\nspec:\n  containers:\n  - <<: *base\n',
    );

    expect(found.finds.map(({ evidence: { line } }) => line)).toEqual([6, 6]);
  });

  test('an empty image and one that is no reference are reported', () => {
    const found = find(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: ""}\n  - {name: b, image: "$(IMAGE)"}\n',
    );

    expect(found.finds).toEqual([]);
    expect(found.unknown.map(({ reason }) => reason)).toEqual(['it is empty', '"$(IMAGE)" is not an image reference']);
  });

  test('an image that a cluster cannot pull comes first, then certain ones, then likely ones', () => {
    const discovery = find(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: example.org/a:1\n    env: [{name: B_IMAGE, value: "example.org/b:1"}]\n',
    );
    const [first] = discovery.finds;
    discovery.find({ host: 'example.org', path: 'c', tag: '1' }, 'certain', {
      ...first?.evidence,
      source: 'cluster',
      path: 'Pod x',
      rule: 'container',
      text: 'example.org/c:1',
      failing: 'ImagePullBackOff',
    });

    expect(groupFinds(discovery.finds).map(({ image }) => image)).toEqual([
      'example.org/c:1',
      'example.org/a:1',
      'example.org/b:1',
    ]);
  });
});
