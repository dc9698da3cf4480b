import { describe, expect, test } from 'vitest';

import { imagesOfServices } from '../../src/domain/compose-images.js';
import { printImageReference } from '@image-ferry/registry/reference';
import { loadComposeProject } from '../../src/upstreams/compose-project.js';
import { heldFiles } from './held-files.js';

describe('variables of a compose file at a tag', () => {
  test('have the values of .env beside it, as RAGFlow, n8n and Sentry publish them', async () => {
    const { images } = await read('docker/docker-compose.yml', {
      'docker/docker-compose.yml':
        'services: { cpu: { image: "${RAGFLOW_IMAGE}" }, es: { image: "elasticsearch:${STACK_VERSION-7}" } }',
      'docker/.env':
        '# image\nexport RAGFLOW_IMAGE="infiniflow/ragflow:${TAG:-v0.24.0}" # slim\nSTACK_VERSION=8.11.3 # elastic\n',
    });

    expect(images).toEqual({
      cpu: 'docker.io/infiniflow/ragflow:v0.24.0',
      es: 'docker.io/library/elasticsearch:8.11.3',
    });
  });

  test('have those of the configuration before those of .env', async () => {
    const { images } = await read(
      'compose.yml',
      { 'compose.yml': 'services: { a: { image: "a:${TAG}" } }', '.env': 'TAG=1' },
      { TAG: '2' },
    );

    expect(images).toEqual({ a: 'docker.io/library/a:2' });
  });

  test.each([
    'docker/.env.example',
    'docker/.env.sample',
    'docker/.env.template',
    'docker/.env.dist',
    'docker/example.env',
    'docker/env.example',
    'docker/variables.env',
    'docker/docker/.env.example',
    '.env.example',
  ])('without a value and a default have that of %s, and that is noted', async (path) => {
    const { images, notes } = await read('docker/compose.yml', {
      'docker/compose.yml': 'services: { a: { image: "a:${TAG}" }, b: { image: "b:${TAG:?set it}" } }',
      [path]: 'TAG=1.2.3\n',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1.2.3', b: 'docker.io/library/b:1.2.3' });
    expect(notes).toEqual([`values of TAG come from ${path}, which users copy or adapt`]);
  });

  test('keep a default against an example, which may hold placeholders', async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "a:${TAG:-1}" }, b: { image: "b:${VERSION}" } }',
      '.env.example': 'TAG=change-me\nVERSION=2\n',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1', b: 'docker.io/library/b:2' });
  });

  test("have those of the services' env_file last of all", async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "a:${TAG}", env_file: [{ path: ./settings.conf, required: false }] } }',
      'settings.conf': 'TAG=5',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:5' });
  });

  test('that stay without a value are named', async () => {
    const { images, skipped } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "${REGISTRY}/a:${TAG}" } }',
      '.env.example': 'TAG=1\nREGISTRY=\n',
    });

    expect(images).toEqual({});
    expect(skipped['service a']).toContain('needs REGISTRY, which has no default there');
  });

  test('cost no request where there are none', async () => {
    const files = heldFiles({ 'compose.yml': 'services: { a: { image: a:1 } }', '.env': 'TAG=1' });

    await loadComposeProject(files, 'compose.yml', () => undefined);

    expect(files.asked).toEqual(['compose.yml']);
  });
});

describe('other files of a compose file at a tag', () => {
  test('are included in the short and the long form, each with its own folder and .env', async () => {
    const { images, skipped } = await read('deploy/compose.yml', {
      'deploy/compose.yml': [
        'include:',
        '  - ./base.yml',
        '  - path: [../shared/compose.yml, ../shared/override.yml]',
        '    project_directory: ..',
        '    env_file: [./shared.env]',
        'services:',
        '  web: { image: "web:${TAG}" }',
      ].join('\n'),
      'deploy/.env': 'TAG=1\n',
      'deploy/base.yml': 'include: [more/compose.yml]\nservices: { db: { image: "db:${TAG}" } }',
      'deploy/more/compose.yml': 'services: { deep: { image: "deep:${DEEP}-${TAG}" } }',
      'deploy/more/.env': 'DEEP=7\nTAG=9\n',
      'shared/compose.yml': 'services: { cache: { image: "cache:${CACHE}" }, queue: { image: "queue:1" } }',
      'shared/override.yml': 'services: { queue: { image: "queue:2" } }',
      'deploy/shared.env': 'CACHE=3\n',
    });

    expect(skipped).toEqual({});
    expect(images).toEqual({
      web: 'docker.io/library/web:1',
      db: 'docker.io/library/db:1',
      deep: 'docker.io/library/deep:7-1',
      cache: 'docker.io/library/cache:3',
      queue: 'docker.io/library/queue:2',
    });
  });

  test('may be all that a compose file has', async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'include: [a.yml]',
      'a.yml': 'services: { a: { image: a:1 } }',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1' });
  });

  test('are extended, over several files', async () => {
    const { images, skipped } = await read('a/compose.yml', {
      'a/compose.yml': [
        'services:',
        '  one: { extends: { file: ../base/common.yml, service: app } }',
        '  two: { extends: { file: ../base/common.yml, service: gone } }',
        '  three: { extends: { file: missing.yml, service: app } }',
        '  four: { extends: { file: ../../etc/x.yml, service: app } }',
      ].join('\n'),
      'a/.env': 'TAG=4\n',
      'base/common.yml': 'services: { app: { extends: root }, root: { extends: { file: root.yml, service: app } } }',
      'base/root.yml': 'services: { app: { image: "app:${TAG}" } }',
    });

    expect(images).toEqual({ one: 'docker.io/library/app:4' });
    expect(skipped).toEqual({
      'service two': 'it extends gone of base/common.yml, which is not there',
      'service three': 'it extends app of missing.yml, which cannot be read: a/missing.yml is not in the repository',
      'service four': 'it extends app of ../../etc/x.yml, which cannot be read: its path leads out of the repository',
    });
  });

  test('that cannot be followed are left out with the reason, and the rest is read', async () => {
    const { images, skipped } = await read('compose.yml', {
      'compose.yml': [
        'include: [gone.yml, broken.yml, loop.yml, /etc/a.yml, "oci://docker.io/a/b:1", "${WHERE}/a.yml", { env_file: x }]',
        'services: { a: { image: a:1 } }',
      ].join('\n'),
      'broken.yml': 'services: [',
      'loop.yml': 'include: [compose.yml]\nservices: { b: { image: b:1 } }',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1', b: 'docker.io/library/b:1' });
    expect(skipped).toEqual({
      'include gone.yml': 'gone.yml is not there',
      'include broken.yml': expect.stringContaining('broken.yml is not a compose file: it is not YAML'),
      'include compose.yml': 'compose.yml is included in a circle',
      'include /etc/a.yml': '/etc/a.yml is not a file of the repository',
      'include oci://docker.io/a/b:1': 'oci://docker.io/a/b:1 is not a file of the repository',
      'include ${WHERE}/a.yml': 'its path ${WHERE}/a.yml needs WHERE, which has no value',
      'include entry': 'it has no path',
    });
  });

  test('that include one another without end stop at a depth', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [
        `${n}.yml`,
        `include: [${n + 1}.yml]\nservices: { s${n}: { image: "s:${n}" } }`,
      ]),
    );

    const { images, skipped } = await read('0.yml', chain);

    expect(Object.keys(images)).toHaveLength(8);
    expect(Object.values(skipped)).toEqual(['files that include one another are read 8 deep at most']);
  });

  test('that extend each other in a circle are no trap', async () => {
    const { skipped } = await read('a.yml', {
      'a.yml': 'services: { a: { extends: { file: b.yml, service: b } } }',
      'b.yml': 'services: { b: { extends: { file: a.yml, service: a } } }',
    });

    expect(skipped['service a']).toContain('in a circle');
  });
});

async function read(
  file: string,
  texts: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
) {
  const lookup = (name: string): string | undefined => variables[name];
  const project = await loadComposeProject(heldFiles(texts), file, lookup);
  const { images, skipped } = imagesOfServices(project.services, {
    lookup,
    exclude: { images: [], services: [], profiles: [] },
  });
  return {
    images: Object.fromEntries(images.map(({ service, reference }) => [service, printImageReference(reference)])),
    skipped: Object.fromEntries([...skipped, ...project.skipped].map(({ what, reason }) => [what, reason])),
    notes: project.notes,
  };
}
