import { printImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import { loadComposeProject } from '../../src/compose/compose-project.js';
import { imagesOfServices } from '../../src/domain/compose-images.js';
import { heldFiles } from './held-files.js';

describe('variables of a compose file at a tag', () => {
  test('variables of a compose file get the values of the .env beside it, as RAGFlow, n8n and Sentry publish it', async () => {
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

  test('values of the configuration override those of the .env beside a compose file', async () => {
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
  ])('a variable without a value and a default gets that of %s, with a note', async (path) => {
    const { images, notes } = await read('docker/compose.yml', {
      'docker/compose.yml': 'services: { a: { image: "a:${TAG}" }, b: { image: "b:${TAG:?set it}" } }',
      [path]: 'TAG=1.2.3\n',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1.2.3', b: 'docker.io/library/b:1.2.3' });
    expect(notes).toEqual([`values of TAG come from ${path}, which users copy or adapt`]);
  });

  test('a default of a compose variable overrides an example file, which may contain placeholders', async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "a:${TAG:-1}" }, b: { image: "b:${VERSION}" } }',
      '.env.example': 'TAG=change-me\nVERSION=2\n',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1', b: 'docker.io/library/b:2' });
  });

  test('the env_file of compose services is the last source of values for variables', async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "a:${TAG}", env_file: [{ path: ./settings.conf, required: false }] } }',
      'settings.conf': 'TAG=5',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:5' });
  });

  test('variables of a compose file without a value are reported by name', async () => {
    const { images, skipped } = await read('compose.yml', {
      'compose.yml': 'services: { a: { image: "${REGISTRY}/a:${TAG}" } }',
      '.env.example': 'TAG=1\nREGISTRY=\n',
    });

    expect(images).toEqual({});
    expect(skipped['service a']).toContain('needs REGISTRY, which has no default there');
  });

  test('a compose file without variables causes no further requests', async () => {
    const files = heldFiles({ 'compose.yml': 'services: { a: { image: a:1 } }', '.env': 'TAG=1' });

    await loadComposeProject(files, 'compose.yml', () => undefined);

    expect(files.asked).toEqual(['compose.yml']);
  });
});

describe('other files of a compose file at a tag', () => {
  test('compose files are included in short and long form, each with its own folder and .env', async () => {
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

  test('a compose file may consist of includes only', async () => {
    const { images } = await read('compose.yml', {
      'compose.yml': 'include: [a.yml]',
      'a.yml': 'services: { a: { image: a:1 } }',
    });

    expect(images).toEqual({ a: 'docker.io/library/a:1' });
  });

  test('services are extended across several compose files', async () => {
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
      'service two': 'it extends gone of base/common.yml, which does not exist',
      'service three': 'it extends app of missing.yml, which cannot be read: a/missing.yml is not in the repository',
      'service four': 'it extends app of ../../etc/x.yml, which cannot be read: its path is outside the repository',
    });
  });

  test('includes of a compose file that cannot be read are left out with the reason, and the others are read', async () => {
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
      'include compose.yml': 'compose.yml is included in a cycle',
      'include /etc/a.yml': '/etc/a.yml is not a file of the project',
      'include oci://docker.io/a/b:1': 'oci://docker.io/a/b:1 is not a file of the project',
      'include ${WHERE}/a.yml': 'its path ${WHERE}/a.yml needs WHERE, which has no value',
      'include entry': 'it has no path',
    });
  });

  test('compose files that include one another endlessly stop at a maximum depth', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [
        `${n}.yml`,
        `include: [${n + 1}.yml]\nservices: { s${n}: { image: "s:${n}" } }`,
      ]),
    );

    const { images, skipped } = await read('0.yml', chain);

    expect(Object.keys(images)).toHaveLength(8);
    expect(Object.values(skipped)).toEqual(['the maximum include depth is 8']);
  });

  test('services that extend each other in a cycle across compose files are reported', async () => {
    const { skipped } = await read('a.yml', {
      'a.yml': 'services: { a: { extends: { file: b.yml, service: b } } }',
      'b.yml': 'services: { b: { extends: { file: a.yml, service: a } } }',
    });

    expect(skipped['service a']).toContain('in a cycle');
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
