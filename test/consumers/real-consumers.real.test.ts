import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

import type { ConsumerOutput } from '../../src/consumers/consumer-output.js';
import { hostsToml } from '../../src/consumers/hosts-toml.js';
import { mutatingPolicies } from '../../src/consumers/mutating-policy.js';
import { registriesConf } from '../../src/consumers/registries-conf.js';
import type { EngineOptions } from '../../src/consumers/registry-files.js';
import { NamingScheme } from '../../src/domain/target.js';
import { requireTool } from '../support/tools.js';
import type { ToolName } from '../support/tools.js';
import { digestA, indexOf, mirrored, registry } from './mirror-stage.js';

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
