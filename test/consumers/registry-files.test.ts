import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

import { checkVerdict } from '../../src/consumers/check-verdict.js';
import { dockerDaemon } from '../../src/consumers/docker-daemon.js';
import { endpointHost, endpointNote, hostsOf } from '../../src/consumers/endpoints.js';
import { fileImages } from '../../src/consumers/file-images.js';
import { hostsToml } from '../../src/consumers/hosts-toml.js';
import { k3sRegistries } from '../../src/consumers/k3s-registries.js';
import { kyvernoPolicy } from '../../src/consumers/kyverno-policy.js';
import { mirrorSets } from '../../src/consumers/mirror-sets.js';
import { mutatingPolicies } from '../../src/consumers/mutating-policy.js';
import { registriesConf } from '../../src/consumers/registries-conf.js';
import type { EngineOptions } from '../../src/consumers/registry-files.js';
import { spellings } from '../../src/consumers/spellings.js';
import { NamingScheme } from '../../src/domain/target.js';
import { digestA, digestB, indexOf, mirrored, registry } from './mirror-stage.js';

const host = 'mirror.example.com';

function options(naming: NamingScheme): EngineOptions {
  return { target: { name: 'aliyun', registry: host, namespace: 'ns', naming }, host, isPlain: false };
}

function names(repositories: Readonly<Record<string, string>>) {
  return indexOf(Object.entries(repositories).map(([image, repository]) => mirrored(image, { repository }))).names;
}

const flat = names({
  'docker.io/library/nginx:1.27': 'ns/nginx',
  'ghcr.io/a/b.c:1': 'ns/b.c',
  'ghcr.io/a/b.c:2': 'ns/b.c',
});
const nested = names({
  'docker.io/library/nginx:1.27': 'ns/docker.io/library/nginx',
  'ghcr.io:444/a/b:1': 'ns/ghcr.io---444/a/b',
});

describe('files for container engines', () => {
  test('registries.conf maps each repository, whatever its name', () => {
    const { files, gaps } = registriesConf(flat, { ...options(NamingScheme.aliyun), isPlain: true });

    const text = files[0]?.text ?? '';
    expect(text.match(/^prefix = .*$/gm)).toEqual(['prefix = "docker.io/library/nginx"', 'prefix = "ghcr.io/a/b.c"']);
    expect(text).toContain('[[registry.mirror]]\nlocation = "mirror.example.com/ns/b.c"\ninsecure = true\n');
    expect(gaps).toEqual([]);
  });

  test('containerd gets a folder for each source from nested names, and the cure for any others', () => {
    const whole = hostsToml(nested, options(NamingScheme.nested));
    const refused = hostsToml(flat, options(NamingScheme.aliyun));

    expect(whole.files.map(({ path }) => path)).toEqual(['docker.io/hosts.toml', 'ghcr.io:444/hosts.toml']);
    expect(whole.files[0]?.text).toContain(
      'server = "https://registry-1.docker.io"\n\n[host."https://mirror.example.com/v2/ns/docker.io"]\n',
    );
    expect(whole.gaps).toEqual([]);
    expect(refused.files).toEqual([]);
    expect(refused.gaps).toEqual([expect.stringContaining('targets: { aliyun: { naming: nested } }')]);
  });

  test('single names that containerd cannot map are gaps', () => {
    const mixed = names({
      'docker.io/library/nginx:1.27': 'ns/docker.io/library/nginx',
      'docker.io/a/b:1': 'ns/other',
    });

    const { gaps } = hostsToml(mixed, options(NamingScheme.nested));

    expect(gaps).toEqual([expect.stringContaining('docker.io/a/b has the name ns/other')]);
  });

  test('K3s rewrites each repository, and asks the mirror for no name of another source', () => {
    const all = names({ 'docker.io/library/nginx:1.27': 'ns/nginx', 'ghcr.io/a/b.c:1': 'a/b.c' });

    const { files } = k3sRegistries(all, all, options(NamingScheme.private));
    const simple = k3sRegistries(nested, nested, options(NamingScheme.nested));

    expect(parse(files[0]?.text ?? '')).toEqual({
      mirrors: {
        'docker.io': {
          endpoint: ['https://mirror.example.com'],
          rewrite: {
            '^library/nginx$': 'ns/nginx',
            '^ns/nginx$': 'image-ferry-has-no-mirror/ns/nginx',
            '^a/b\\.c$': 'image-ferry-has-no-mirror/a/b.c',
          },
        },
        'ghcr.io': {
          endpoint: ['https://mirror.example.com'],
          rewrite: { '^a/b\\.c$': 'a/b.c', '^ns/nginx$': 'image-ferry-has-no-mirror/ns/nginx' },
        },
      },
    });
    expect(parse(simple.files[0]?.text ?? '')).toMatchObject({
      mirrors: { 'docker.io': { rewrite: { '^(.*)$': 'ns/docker.io/$1' } } },
    });
  });

  test('OpenShift gets a set for digests and a set for tags', () => {
    const { files } = mirrorSets(flat, options(NamingScheme.aliyun));

    const sets = parseAllDocuments(files[0]?.text ?? '').map((document) => document.toJS() as unknown);
    const mirrors = [
      { mirrors: [`${host}/ns/nginx`], source: 'docker.io/library/nginx', mirrorSourcePolicy: 'AllowContactingSource' },
      { mirrors: [`${host}/ns/b.c`], source: 'ghcr.io/a/b.c', mirrorSourcePolicy: 'AllowContactingSource' },
    ];
    expect(sets).toMatchObject([
      { kind: 'ImageDigestMirrorSet', spec: { imageDigestMirrors: mirrors } },
      { kind: 'ImageTagMirrorSet', spec: { imageTagMirrors: mirrors } },
    ]);
  });

  test('Docker gets a mirror only if Docker Hub has the same names on the target, and nothing else has them', () => {
    const same = names({ 'docker.io/library/nginx:1.27': 'library/nginx' });
    const foreign = names({ 'docker.io/library/nginx:1.27': 'library/nginx', 'ghcr.io/a/b:1': 'a/b' });
    const engine = options(NamingScheme.private);

    expect(JSON.parse(dockerDaemon(same, same, engine).files[0]?.text ?? '')).toEqual({
      'registry-mirrors': [`https://${host}`],
    });
    expect(dockerDaemon(flat, flat, engine)).toMatchObject({
      files: [],
      gaps: [
        'Docker mirrors Docker Hub only, not ghcr.io',
        expect.stringContaining('library/nginx, which is ns/nginx'),
      ],
    });
    expect(dockerDaemon(same, foreign, engine)).toMatchObject({
      files: [],
      gaps: [expect.stringContaining('ghcr.io/a/b')],
    });
  });
});

describe('admission policies', () => {
  const index = indexOf([mirrored('docker.io/library/nginx:1.27')]);

  test('an official image of Docker Hub is known by every spelling', () => {
    const texts = spellings({ host: 'docker.io', path: 'library/nginx', tag: 'latest' });

    expect(new Set(texts)).toEqual(
      new Set(
        [
          'nginx',
          'library/nginx',
          'docker.io/nginx',
          'docker.io/library/nginx',
          'index.docker.io/library/nginx',
        ].flatMap((name) => [name, `${name}:latest`]),
      ),
    );
  });

  test('there is a policy with a binding for pods, ephemeral containers, workloads and cron jobs', () => {
    const { files } = mutatingPolicies(index.names, index, { target: 'Aliyun_1', pinned: true, podsOnly: false });

    const documents = parseAllDocuments(files[0]?.text ?? '').map(
      (document) => document.toJS() as Record<string, unknown>,
    );
    expect(documents.map(({ kind, metadata }) => [kind, metadata])).toEqual(
      ['pods', 'ephemeral-containers', 'workloads', 'cron-jobs'].flatMap((name) => [
        ['MutatingAdmissionPolicy', { name: `image-ferry-aliyun-1-${name}` }],
        ['MutatingAdmissionPolicyBinding', { name: `image-ferry-aliyun-1-${name}` }],
      ]),
    );
    expect(files[0]?.text).toContain(`"docker.io/library/nginx:1.27": "${registry}/mirror/nginx:1.27@${digestA}"`);
  });

  const many = indexOf(Array.from({ length: 10_000 }, (_, at) => mirrored(`docker.io/organisation/image-${at}:1.0`)));
  /** 1.5 MiB, less what kube-apiserver adds. */
  const mostBytes = 1_400_000;
  const objectsIn = (text = '') =>
    // Looking for equal keys takes minutes here.
    parseAllDocuments(text, { uniqueKeys: false }).map((document) => {
      const object = document.toJS() as {
        kind: string;
        metadata: { name: string };
        spec: { variables?: { expression: string }[]; policyName?: string };
      };
      return { ...object, bytes: JSON.stringify(object).length };
    });

  test('no policy for 10,000 images is larger than etcd allows, and no expression longer than CEL does', () => {
    const { files, notes } = mutatingPolicies(many.names, many, { target: 'aliyun', pinned: true, podsOnly: true });

    const objects = objectsIn(files[0]?.text);
    expect(Math.max(...objects.map(({ bytes }) => bytes))).toBeLessThan(mostBytes);
    const lengths = objects.flatMap(({ spec: { variables = [] } }) =>
      variables.map(({ expression }) => expression.length),
    );
    expect(Math.max(...lengths)).toBeLessThan(100_000);
    expect(
      objects.filter(({ kind }) => kind === 'MutatingAdmissionPolicy').map(({ metadata }) => metadata.name),
    ).toEqual(
      ['pods', 'pods-2', 'ephemeral-containers', 'ephemeral-containers-2'].map((name) => `image-ferry-aliyun-${name}`),
    );
    const bindings = objects.filter(({ spec: { policyName } }) => policyName !== undefined);
    expect(bindings.map(({ spec: { policyName } }) => policyName)).toEqual(
      bindings.map(({ metadata }) => metadata.name),
    );
    expect(notes).toContainEqual(expect.stringContaining('kubectl apply --server-side'));
    expect(notes).toContainEqual(expect.stringContaining('there are 2: delete policies'));
  });

  test('1,000 images are one small policy', () => {
    const few = indexOf(Array.from({ length: 1_000 }, (_, at) => mirrored(`docker.io/library/image-${at}:1.0`)));

    const { files } = mutatingPolicies(few.names, few, { target: 'aliyun', pinned: false, podsOnly: true });

    const [policy] = objectsIn(files[0]?.text);
    expect(policy?.bytes).toBeLessThan(110_000);
  });

  test('Kyverno and OpenShift get several objects for 10,000 images', () => {
    const kyverno = objectsIn(kyvernoPolicy(many.names, many, { target: 'aliyun', pinned: false }).files[0]?.text);
    const sets = objectsIn(mirrorSets(many.names, options(NamingScheme.aliyun)).files[0]?.text);

    expect(kyverno.map(({ metadata }) => metadata.name)).toEqual(['image-ferry', 'image-ferry-2', 'image-ferry-3']);
    expect(sets.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      ['ImageDigestMirrorSet', 'ImageTagMirrorSet'].flatMap((kind) => [
        `${kind} image-ferry-aliyun`,
        `${kind} image-ferry-aliyun-2`,
      ]),
    );
    for (const { bytes } of [...kyverno, ...sets]) expect(bytes).toBeLessThan(mostBytes);
  });

  test('Kyverno compares texts, and asks no registry', () => {
    const { files, notes } = kyvernoPolicy(index.names, index, { target: 'aliyun', pinned: false });

    expect(parse(files[0]?.text ?? '')).toMatchObject({
      kind: 'ClusterPolicy',
      spec: { rules: [{ context: [{ variable: { value: { 'nginx:1.27': `${registry}/mirror/nginx:1.27` } } }] }] },
    });
    expect(notes).toContainEqual(expect.stringContaining('ephemeral containers and image volumes are not changed'));
  });
});

describe('endpoints of clouds', () => {
  test.each([
    ['registry.cn-hangzhou.aliyuncs.com', 'vpc', 'registry-vpc.cn-hangzhou.aliyuncs.com'],
    ['registry.cn-hangzhou.aliyuncs.com', 'internal', 'registry-internal.cn-hangzhou.aliyuncs.com'],
    ['crpi-a1b2.cn-hangzhou.personal.cr.aliyuncs.com', 'vpc', 'crpi-a1b2-vpc.cn-hangzhou.personal.cr.aliyuncs.com'],
    ['team-registry.cn-beijing.cr.aliyuncs.com', 'vpc', 'team-registry-vpc.cn-beijing.cr.aliyuncs.com'],
    ['team-registry-vpc.cn-beijing.cr.aliyuncs.com', 'vpc', 'team-registry-vpc.cn-beijing.cr.aliyuncs.com'],
    ['team.tencentcloudcr.com', 'vpc', 'team-vpc.tencentcloudcr.com'],
    ['swr.cn-north-4.myhuaweicloud.com', 'vpc', 'swr.cn-north-4.myhuaweicloud.com'],
    ['team-cn-beijing.cr.volces.com', 'vpc', 'team-cn-beijing.cr.volces.com'],
    ['registry.example.com', 'public', 'registry.example.com'],
  ] as const)('%s has the endpoint %s %s', (host_, endpoint, inside) => {
    expect(endpointHost(host_, endpoint)).toBe(inside);
    expect(hostsOf(host_)).toContain(inside);
  });

  test('a name that is an assumption has a note', () => {
    expect(endpointNote('team-cn-beijing.cr.volces.com', 'vpc')).toContain('assumption');
    expect(endpointNote('team-cn-beijing.cr.volces.com', 'public')).toBeUndefined();
    expect(endpointNote('team.tencentcloudcr.com', 'vpc')).toBeUndefined();
  });

  test('a registry without such an endpoint is refused', () => {
    expect(() => endpointHost('registry.example.com', 'vpc')).toThrow('is no registry of Alibaba Cloud, Tencent Cloud');
    expect(() => endpointHost('team.tencentcloudcr.com', 'internal')).toThrow('has only the endpoint vpc');
  });
});

describe('what a check says', () => {
  const recorded = { digest: digestA, sourceDigest: digestB };

  test.each([
    ['the same digest at both', undefined, { digest: digestA }, { digest: digestA }, 'ok'],
    ['a copy with fewer platforms of the same source', recorded, { digest: digestA }, { digest: digestB }, 'ok'],
    ['the record, if the source is not asked', recorded, { digest: digestA }, undefined, 'ok'],
    ['nothing on the target', recorded, 'absent', { digest: digestB }, 'missing'],
    ['a tag that moved at the source', recorded, { digest: digestA }, { digest: `sha256:${'c'.repeat(64)}` }, 'older'],
    [
      'a digest that the ferry did not copy',
      recorded,
      { digest: `sha256:${'c'.repeat(64)}` },
      { digest: digestB },
      'different',
    ],
    ['another digest than the record', recorded, { digest: digestB }, undefined, 'different'],
    ['a target that does not answer', recorded, { fault: 'refused' }, { digest: digestB }, 'unreachable'],
    ['a source that does not answer', recorded, { digest: digestA }, { fault: 'refused' }, 'unreachable'],
    ['a source that lost the tag', recorded, { digest: digestA }, 'absent', 'unreachable'],
    ['nothing recorded and no source', undefined, { digest: digestA }, undefined, 'different'],
  ] as const)('%s is "%5$s"', (_, record, onTarget, atSource, verdict) => {
    expect(checkVerdict(record, onTarget, atSource).verdict).toBe(verdict);
  });
});

describe('images of files', () => {
  test('an image whose tag is left to the chart is named as not known', () => {
    const read = fileImages('image: {repository: nginx, tag: 1.10}\nother: {repository: a/b, tag: ""}\n', 'f');

    expect(read).toMatchObject({ unread: [expect.stringContaining('f: 1 images get their tag from the chart')] });
  });

  const of = (text: string): unknown => {
    const read = fileImages(text, 'f');
    return read.kind === 'compose'
      ? 'compose'
      : read.images.map(({ reference: { path, tag }, where }) => `${path}:${tag ?? ''} ${where}`);
  };

  test.each([
    ['a list', 'nginx:1.27\n# comment\nghcr.io/a/b:1 # why\n', ['library/nginx:1.27 f:1', 'a/b:1 f:3']],
    ['a compose file', 'services: {a: {image: nginx}}', 'compose'],
    [
      'a kustomization',
      'kind: Kustomization\nimages:\n- {name: a, newName: m/a, newTag: "1"}\n- {name: b}\n',
      ['m/a:1 f:3: images'],
    ],
    [
      'values',
      'image: {repository: nginx, tag: 1.10}\nother: {repository: a/b, tag: ""}\n',
      ['library/nginx:1.10 f:1: image'],
    ],
    [
      'a pod',
      'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: redis:7}]}',
      ['library/redis:7 f:3: spec.containers[0].image'],
    ],
  ])('%s is read', (_, text, images) => {
    expect(of(text)).toEqual(images);
  });

  test.each([
    ['an empty file', ''],
    ['a file without images', 'a: b\n'],
    ['JSON of another kind', '[1, 2]'],
    ['a broken reference', 'Bad:Name:1\n'],
  ])('%s is refused', (_, text) => {
    expect(() => fileImages(text, 'f')).toThrow(/^f[:\s]/);
  });
});
