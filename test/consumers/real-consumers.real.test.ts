import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import type { ConsumerOutput } from '../../src/consumers/consumer-output.js';
import { helmValues } from '../../src/consumers/helm-values.js';
import { hostsToml } from '../../src/consumers/hosts-toml.js';
import { k3sRegistries } from '../../src/consumers/k3s-registries.js';
import { kustomizeImages } from '../../src/consumers/kustomize-images.js';
import { mutatingPolicies } from '../../src/consumers/mutating-policy.js';
import { registriesConf } from '../../src/consumers/registries-conf.js';
import type { EngineOptions } from '../../src/consumers/registry-files.js';
import { NamingScheme } from '../../src/domain/target.js';
import { requireTool } from '../support/tools.js';
import type { ToolName } from '../support/tools.js';
import { digestA, digestB, indexOf, mirrored, registry } from './mirror-stage.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-consumers-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function runTool<Answer>(tool: ToolName, args: readonly string[], input?: unknown): Answer {
  const { status, stdout, stderr } = spawnSync(requireTool(tool), args, {
    input: input === undefined ? '' : JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}

function printed(tool: ToolName, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(requireTool(tool), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ended with ${status}: ${stderr}`);
  return stdout;
}

function write({ files, gaps }: ConsumerOutput, name = ''): void {
  expect(gaps).toEqual([]);
  for (const { path, text } of files) {
    const file = join(folder, path === '' ? name : path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

const host = 'mirror.example.com:5000';

function options(naming: NamingScheme, isPlain = false): EngineOptions {
  return { target: { name: 'mirror', registry: host, namespace: 'ns', naming }, host, isPlain };
}

function names(repositories: Readonly<Record<string, string>>) {
  return indexOf(Object.entries(repositories).map(([image, repository]) => mirrored(image, { repository }))).names;
}

describe('real consumers read what the ferry writes', () => {
  test('containerd pulls from the mirror first, by the nested name, and from the source after it', () => {
    const nested = {
      'docker.io/library/nginx:1.27': 'ns/docker.io/library/nginx',
      'localhost:444/a/b:1': 'ns/localhost---444/a/b',
    };
    write(hostsToml(names(nested), options(NamingScheme.nested)));

    const pulls = runTool('consumer-hosts', [
      'containerd',
      folder,
      'nginx:1.27',
      'localhost:444/a/b:1',
      'quay.io/c/d:1',
    ]);

    expect(pulls).toEqual({
      'nginx:1.27': [
        { url: 'https://mirror.example.com:5000/v2/ns/docker.io/library/nginx/manifests/1.27' },
        { url: 'https://registry-1.docker.io/v2/library/nginx/manifests/1.27' },
      ],
      'localhost:444/a/b:1': [
        { url: 'https://mirror.example.com:5000/v2/ns/localhost---444/a/b/manifests/1' },
        { url: 'https://localhost:444/v2/a/b/manifests/1' },
      ],
      'quay.io/c/d:1': [{ url: 'https://quay.io/v2/c/d/manifests/1' }],
    });
  });

  test('Podman and CRI-O pull each repository from its name on the mirror, and nothing else', () => {
    const flat = { 'docker.io/library/nginx:1.27': 'ns/nginx', 'ghcr.io/a/b:1': 'ns/b-abcdefghij' };
    write(registriesConf(names(flat), options(NamingScheme.aliyun, true)), 'registries.conf');

    const pulls = runTool('consumer-hosts', [
      'podman',
      join(folder, 'registries.conf'),
      'nginx:1.27',
      `ghcr.io/a/b@${digestA}`,
      'ghcr.io/a/bc:1',
    ]);

    expect(pulls).toEqual({
      'nginx:1.27': [
        { reference: `${host}/ns/nginx:1.27`, insecure: true },
        { reference: 'docker.io/library/nginx:1.27' },
      ],
      [`ghcr.io/a/b@${digestA}`]: [
        { reference: `${host}/ns/b-abcdefghij@${digestA}`, insecure: true },
        { reference: `ghcr.io/a/b@${digestA}` },
      ],
      'ghcr.io/a/bc:1': [{ reference: 'ghcr.io/a/bc:1' }],
    });
  });

  test('K3s pulls each repository by its name on the mirror, and never by the name of another one', () => {
    const flat = { 'docker.io/library/nginx:1.27': 'ns/nginx', 'ghcr.io/a/b.c:1': 'ns/b.c', 'ghcr.io/x/y:1': 'a/z' };
    const all = names(flat);
    write(k3sRegistries(all, all, options(NamingScheme.aliyun, true)), 'registries.yaml');

    const pulls = runTool('consumer-hosts', [
      'k3s',
      join(folder, 'registries.yaml'),
      'nginx:1.27',
      `ghcr.io/a/b.c@${digestA}`,
      'ghcr.io/a/bxc:1',
      'ghcr.io/a/z:1',
    ]);

    expect(pulls).toEqual({
      'nginx:1.27': [{ url: `http://${host}/v2/ns/nginx/manifests/1.27` }],
      [`ghcr.io/a/b.c@${digestA}`]: [{ url: `http://${host}/v2/ns/b.c/manifests/${digestA}` }],
      'ghcr.io/a/bxc:1': [{ url: `http://${host}/v2/a/bxc/manifests/1` }],
      // It is x/y on the mirror.
      'ghcr.io/a/z:1': [{ url: `http://${host}/v2/image-ferry-has-no-mirror/a/z/manifests/1` }],
    });
  });

  test('kustomize gives the containers of a kustomization mirrored names by the component, and changes nothing else', () => {
    const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: init, image: "ghcr.io/a/b:2"}]
      containers: [{name: web, image: "nginx:1.27"}, {name: other, image: "docker.io/library/nginx:1.27"}]
`;
    const index = indexOf([mirrored('docker.io/library/nginx:1.27'), mirrored('ghcr.io/a/b:2', { digest: digestB })], {
      pinned: true,
    });
    writeFileSync(join(folder, 'app.yaml'), manifest);
    mkdirSync(join(folder, 'mirror'));
    write(kustomizeImages(manifest, index, 'app.yaml'), 'mirror/kustomization.yaml');
    const build = (kustomization: string): unknown => {
      writeFileSync(join(folder, 'kustomization.yaml'), kustomization);
      return parse(printed('kustomize', ['build', folder]));
    };

    const before = build('resources: [app.yaml]\n');
    const after = build('resources: [app.yaml]\ncomponents: [mirror]\n');

    const names = JSON.stringify(before)
      .replace('"ghcr.io/a/b:2"', `"${registry}/mirror/b@${digestB}"`)
      .replace('"nginx:1.27"', `"${registry}/mirror/nginx@${digestA}"`)
      .replace('"docker.io/library/nginx:1.27"', `"${registry}/mirror/nginx@${digestA}"`);
    expect(after).toEqual(JSON.parse(names));
  });

  test('a Helm chart that is rendered with the values has mirrored names, and is the same otherwise', () => {
    const values = `image: {repository: nginx, tag: "1.27"}
sidecar:
  image: {registry: ghcr.io, repository: a/b, tag: "2"}
jobs:
- {name: one, image: "nginx:1.27", memory: 1Gi}
`;
    const index = indexOf([mirrored('docker.io/library/nginx:1.27'), mirrored('ghcr.io/a/b:2')]);
    mkdirSync(join(folder, 'chart', 'templates'), { recursive: true });
    writeFileSync(join(folder, 'chart', 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
    writeFileSync(join(folder, 'chart', 'values.yaml'), values);
    writeFileSync(
      join(folder, 'chart', 'templates', 'pod.yaml'),
      `apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
  - {name: web, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}
  - {name: sidecar, image: "{{ .Values.sidecar.image.registry }}/{{ .Values.sidecar.image.repository }}:{{ .Values.sidecar.image.tag }}"}
  {{- range .Values.jobs }}
  - {name: {{ .name }}, image: {{ .image }}, resources: {limits: {memory: {{ .memory }}}}}
  {{- end }}
`,
    );
    write(helmValues(values, index, 'values.yaml'), 'mirror.yaml');
    const render = (...options: readonly string[]): unknown =>
      parse(printed('helm', ['template', 'shop', join(folder, 'chart'), ...options]));

    const before = render();
    const after = render('-f', join(folder, 'mirror.yaml'));

    const expected = JSON.stringify(before)
      .replaceAll('"nginx:1.27"', `"${registry}/mirror/nginx:1.27"`)
      .replace('"ghcr.io/a/b:2"', `"${registry}/mirror/b:2"`);
    expect(after).toEqual(JSON.parse(expected));
    expect(expected).not.toBe(JSON.stringify(before));
  });

  test('kube-apiserver gives pods, ephemeral containers, workloads and cron jobs mirrored names, and changes nothing else', () => {
    const others = Array.from({ length: 1_000 }, (_, at) => mirrored(`docker.io/library/image-${at}:1`));
    const index = indexOf([...others, mirrored('docker.io/library/nginx:1.27'), mirrored('ghcr.io/a/b:2')]);
    const output = mutatingPolicies(index.names, index, { target: 'aliyun', pinned: false, podsOnly: false });
    const policies = parseAllDocuments(output.files[0]?.text ?? '')
      .map((document) => document.toJS() as { kind: string })
      .filter(({ kind }) => kind === 'MutatingAdmissionPolicy');
    const image = (mirror: boolean, source: string, name: string): string =>
      mirror ? `${registry}/mirror/${name}` : source;
    const spec = (mirror: boolean, ephemeral?: boolean) => ({
      initContainers: [
        { name: 'init', image: image(mirror, 'ghcr.io/a/b:2', 'b:2'), env: [{ name: 'A', value: 'nginx:1.27' }] },
      ],
      containers: [
        {
          name: 'web',
          image: image(mirror, 'nginx:1.27', 'nginx:1.27'),
          command: ['run'],
          ports: [{ containerPort: 80 }],
        },
        { name: 'other', image: 'registry.example.com/other:1' },
        { name: 'last', image: image(mirror, 'index.docker.io/library/image-999:1', 'image-999:1') },
      ],
      volumes: [
        { name: 'data', emptyDir: {} },
        {
          name: 'model',
          image: { reference: image(mirror, 'docker.io/nginx:1.27', 'nginx:1.27'), pullPolicy: 'Always' },
        },
      ],
      ...(ephemeral === undefined
        ? {}
        : { ephemeralContainers: [{ name: 'debug', image: image(ephemeral, 'nginx:1.27', 'nginx:1.27') }] }),
    });
    const objects = (mirror: boolean) => [
      { resource: 'pods', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: spec(mirror) } },
      {
        resource: 'pods',
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'none' },
          spec: { containers: [{ name: 'a', image: 'other:1' }] },
        },
      },
      {
        resource: 'pods',
        subresource: 'ephemeralcontainers',
        object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'debugged' }, spec: spec(false, mirror) },
      },
      ...(['Deployment', 'StatefulSet', 'DaemonSet'] as const).map((kind) => ({
        resource: `${kind.toLowerCase()}s`,
        object: { apiVersion: 'apps/v1', kind, metadata: { name: 'w' }, spec: { template: { spec: spec(mirror) } } },
      })),
      {
        resource: 'jobs',
        object: {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'j' },
          spec: { template: { spec: spec(mirror) } },
        },
      },
      {
        resource: 'cronjobs',
        object: {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata: { name: 'c' },
          spec: { schedule: '0 * * * *', jobTemplate: { spec: { template: { spec: spec(mirror) } } } },
        },
      },
    ];

    const mutated = runTool<{ objects: unknown[] }>('consumer-policies', [], { policies, objects: objects(false) });

    expect(mutated.objects).toEqual(objects(true).map(({ object }) => object));
  });
});
