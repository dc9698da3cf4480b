import { readFileSync } from 'node:fs';

import { printImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import { readComposeDocument } from '../../src/compose/compose-document.js';
import { loadComposeProject } from '../../src/compose/compose-project.js';
import { imagesOfServices } from '../../src/domain/compose-images.js';
import type { ServicePatterns } from '../../src/domain/upstream.js';
import { heldFiles } from './held-files.js';

const text = readFileSync(new URL('data/platform-2.0.0.yaml', import.meta.url), 'utf8');
const nothing: ServicePatterns = { images: [], services: [], profiles: [] };

describe('a compose file', () => {
  test('the images of a compose file include every profile and every host', async () => {
    const { images } = await read(text);

    expect(images).toEqual({
      prepare: 'docker.io/library/busybox:latest',
      api: 'docker.io/acme/app-api:2.0.0',
      worker: 'docker.io/acme/app-api:2.0.0',
      web: 'docker.io/acme/app-web:2.0.0',
      db: 'docker.io/library/postgres:15-alpine',
      cache: 'docker.io/library/redis:6-alpine',
      sandbox: 'docker.io/acme/app-sandbox:0.2.14',
      plugins: 'docker.io/acme/app-plugins:0.5.3-local',
      certificates: 'docker.io/certbot/certbot:latest',
      proxy: 'docker.io/library/nginx:latest',
      tools: 'docker.io/acme/app-tools:2.0.0',
      chroma: 'ghcr.io/chroma-core/chroma:0.5.20',
      iris: 'containers.intersystems.com/intersystems/iris-community:2025.3',
      oracle: 'container-registry.oracle.com/database/free:latest',
      etcd: 'quay.io/coreos/etcd:v3.5.5',
      minio: 'docker.io/minio/minio:RELEASE.2023-03-20T20-16-18Z',
      search: 'docker.elastic.co/elasticsearch/elasticsearch:8.14.3',
      pinned: `quay.io/prometheus/prometheus@sha256:${'1'.repeat(64)}`,
      'named-and-pinned': `quay.io/prometheus/alertmanager:v0.27.0@sha256:${'2'.repeat(64)}`,
      derived: 'docker.io/acme/app-web:2.0.0',
    });
  });

  test('a service of a compose file without a usable image is reported with the reason', async () => {
    const { skipped } = await read(text);

    expect(skipped).toEqual({
      'service couch': 'it is built from source and has no image',
      'service unset': 'its image ${PRIVATE_REGISTRY}/app/extra:1 needs PRIVATE_REGISTRY, which has no default there',
      'service required': expect.stringContaining('LICENSED_VERSION must be set: set LICENSED_VERSION'),
      'service local-only': 'its pull_policy means that acme/local:1 is built, not pulled',
      'service wrong': expect.stringContaining('upper-case'),
      'service elsewhere': 'it extends thing of other.yaml, which cannot be read: other.yaml is not in the repository',
      'service nothing': 'it has no image',
    });
  });

  test.each([
    ['always', true, true],
    ['missing', true, true],
    ['if_not_present', true, true],
    ['daily', true, true],
    ['weekly', true, true],
    ['every_12h', true, true],
    ['never', true, false],
    ['build', false, false],
    ['${POLICY:-never}', true, false],
    ['${POLICY:-build}', false, false],
  ])(
    'a compose service with pull_policy %s requests an image without build: %s; one with build: %s',
    async (policy, alone, besideBuild) => {
      const { images } = await read(
        [
          'services:',
          `  alone: { image: "a:1", pull_policy: "${policy}" }`,
          `  built: { image: "b:1", pull_policy: "${policy}", build: . }`,
          `  unbuilt: { extends: built, build: !reset null }`,
        ].join('\n'),
      );

      expect(['alone' in images, 'built' in images, 'unbuilt' in images]).toEqual([alone, besideBuild, alone]);
    },
  );

  test('variables of a compose file can be set in the configuration', async () => {
    const { images } = await read(text, { PRIVATE_REGISTRY: 'registry.example.com', SANDBOX_VERSION: '9' });

    expect(images).toMatchObject({
      unset: 'registry.example.com/app/extra:1',
      sandbox: 'docker.io/acme/app-sandbox:9',
    });
  });

  test('the services of a compose file are filtered by patterns of images, services and profiles', async () => {
    const include = { images: ['acme/*', 'redis:*', 'quay.io/prometheus/*'], services: ['db'], profiles: ['milvus'] };
    const exclude = { images: ['*-web'], services: ['worker'], profiles: [] };

    const { images, skipped } = await read(text, {}, { include, exclude });

    expect(Object.keys(images).sort()).toEqual(
      ['api', 'db', 'cache', 'sandbox', 'plugins', 'tools', 'etcd', 'minio', 'pinned', 'named-and-pinned'].sort(),
    );
    expect(skipped['service web (acme/app-web:2.0.0)']).toBe('an exclude pattern matches it');
    expect(skipped['service proxy (nginx:latest)']).toBe('no include pattern matches it');
  });

  test.each([
    ['no YAML', 'services: [', 'it is not YAML'],
    ['a list', '- a\n- b\n', 'no map of services'],
    ['nothing', '', 'no map of services'],
    ['a file of version 1', 'web:\n  image: nginx\n', 'no map of services'],
    ['an alias to nothing', 'services:\n  a: *gone\n', 'a.yaml is not a compose file'],
    ['keys twice', 'services:\n  a: {}\n  a: {}\n', 'it is not YAML'],
  ])('a compose file that contains %s is rejected with its address', (_what, broken, reason) => {
    expect(() => readComposeDocument(broken, 'a.yaml')).toThrow(reason);
  });

  test('a compose file whose aliases multiply without limit is rejected', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg'].map((pair) => [pair[0], pair[1]])) {
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`);
    }

    expect(() => readComposeDocument([...bomb, 'services: { x: { image: nginx } }'].join('\n'), 'a.yaml')).toThrow(
      'it cannot be resolved',
    );
  });

  test('images that are very long, nested or shared cost no more than the reason that is reported', async () => {
    const nested = `${'${A:-'.repeat(2_000)}x${'}'.repeat(2_000)}`;
    const heirs = Array.from({ length: 400 }, (_, n) => `  heir-${n}: { extends: long }`);

    const { images, skipped } = await read(
      ['services:', `  nested: { image: "${nested}" }`, `  long: { image: "${'x'.repeat(100_000)} y" }`, ...heirs].join(
        '\n',
      ),
    );

    expect(images).toEqual({});
    expect(skipped['service nested']).toContain('its image has 12001 characters, the limit is 1000');
    expect(skipped['service heir-399']).toContain('its image has 100002 characters');
    expect(JSON.stringify(skipped).length).toBeLessThan(100_000);
  });

  test('a compose file with too many services is rejected, and a service with too long a name is reported', async () => {
    const services = Array.from({ length: 501 }, (_, n) => `  s${n}: { image: nginx }`);

    await expect(read(['services:', ...services].join('\n'))).rejects.toThrow(
      'a.yaml is not a compose file: it has 501 services; the maximum is 500',
    );
    expect((await read(`services:\n  ? ${'n'.repeat(100_000)}\n  : { image: nginx }\n`)).skipped).toEqual({
      [`service ${'n'.repeat(77)}...`]: 'its name has 100000 characters; the maximum is 255',
    });
  });

  test('an invalid service of a compose file does not affect the others', async () => {
    const { images, skipped } = await read(
      'services:\n  a: nginx\n  b:\n    image: [x]\n  c:\n  d: { image: redis }\n',
    );

    expect(images).toEqual({ d: 'docker.io/library/redis:latest' });
    expect(Object.keys(skipped)).toEqual(['service b', 'service c', 'service a']);
  });

  test('a service inherits the profiles of the one that it extends', async () => {
    const document =
      'services:\n  base: { image: nginx, profiles: [gpu] }\n  heir: { extends: base, image: redis, profiles: [big] }\n';

    const { images, skipped } = await read(document, {}, { exclude: { ...nothing, profiles: ['gpu'] } });

    expect(images).toEqual({});
    expect(Object.keys(skipped)).toEqual(['service base (nginx)', 'service heir (redis)']);
  });

  test("a key with Compose's tag !reset is removed and not inherited", async () => {
    const { images, skipped } = await read(
      [
        'services:',
        '  base: { image: nginx, build: . }',
        '  built: { extends: base, image: !reset null }',
        '  pulled: { extends: base, build: !reset {}, profiles: !reset [] }',
        '  neither: { extends: base, image: !reset , build: !reset }',
        '  alone: { extends: !reset null, image: !override redis }',
        '  gone: !reset null',
      ].join('\n'),
    );

    expect(images).toEqual({
      base: 'docker.io/library/nginx:latest',
      pulled: 'docker.io/library/nginx:latest',
      alone: 'docker.io/library/redis:latest',
    });
    expect(skipped).toEqual({
      'service built': 'it is built from source and has no image',
      'service neither': 'it has no image',
    });
  });

  test('services of one compose file that extend each other in a cycle are reported', async () => {
    const { skipped } = await read('services:\n  a: { extends: b }\n  b: { extends: { service: a } }\n');

    expect(Object.values(skipped)).toEqual([
      expect.stringContaining('in a cycle'),
      expect.stringContaining('in a cycle'),
    ]);
  });
});

async function read(
  document: string,
  variables: Readonly<Record<string, string>> = {},
  { include, exclude = nothing }: { include?: ServicePatterns; exclude?: ServicePatterns } = {},
) {
  const lookup = (name: string): string | undefined => variables[name];
  const { services } = await loadComposeProject(heldFiles({ 'a.yaml': document }), 'a.yaml', lookup);
  const { images, skipped } = imagesOfServices(services, {
    lookup,
    ...(include === undefined ? {} : { include }),
    exclude,
  });
  return {
    images: Object.fromEntries(images.map(({ service, reference }) => [service, printImageReference(reference)])),
    skipped: Object.fromEntries(skipped.map(({ what, reason }) => [what, reason])),
  };
}

test.each([
  ['of many bytes', `services: {}\n${'# padding\n'.repeat(30_000)}`, 'it has 300013 characters; the maximum is 262144'],
  ['of many lists', `a: [${'[],'.repeat(20_000)}]`, 'nested too deeply'],
  ['of many levels', '['.repeat(20_000), 'nested too deeply'],
  ['of many levels on one line', '- '.repeat(20_000), 'nested too deeply'],
])('a compose file %s is rejected before it is parsed', (_what, hostile, reason) => {
  expect(() => readComposeDocument(hostile, 'a.yaml')).toThrow(reason);
});
