import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';

import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import { readProject } from '../../src/cli/use/read-project.js';
import { makeFerryStage } from '../support/ferry-stage.js';

/**
 * With the forms of Dify's file: anchors, merge keys, variables with defaults, profiles, several registries. FERRY_DIFY_COMPOSE
 * names a true one, whose licence does not allow a copy here.
 */
const standIn = `# ==================================================================
# Generated from a template; edit .env instead.
# ==================================================================
x-shared-env: &shared-api-worker-env
  CONSOLE_API_URL: \${CONSOLE_API_URL:-}
  CELERY_BROKER_URL: \${CELERY_BROKER_URL:-redis://:difyai123456@redis:6379/1}
  IMAGE: nginx:latest

services:
  # API service
  api:
    image: langgenius/dify-api:1.10.0
    restart: always
    environment:
      # Use the shared environment variables.
      <<: *shared-api-worker-env
      MODE: api
    depends_on: [db, redis]
    networks: [ssrf_proxy_network, default]
  worker:
    image: langgenius/dify-api:1.10.0
    environment: {<<: *shared-api-worker-env, MODE: worker}
  web:
    image: "langgenius/dify-web:\${WEB_VERSION:-1.10.0}"
  db:
    image: postgres:15-alpine
    command: >
      postgres -c 'max_connections=\${POSTGRES_MAX_CONNECTIONS:-100}'
  redis: {image: 'redis:6-alpine', restart: always}
  nginx:
    image: nginx:latest
    entrypoint: ['sh', '-c', "cp /docker-entrypoint-mount.sh /docker-entrypoint.sh && sed -i 's/\\r$$//' /docker-entrypoint.sh"]
  etcd:
    image: quay.io/coreos/etcd:v3.5.5
    profiles:
      - milvus
  unstructured:
    image: downloads.unstructured.io/unstructured-io/unstructured-api:latest
    profiles: [unstructured]
networks:
  ssrf_proxy_network: {driver: bridge, internal: true}
`;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test('the images of a compose file are found, mirrored and rewritten; every name is on the target, and all else is equal', async () => {
  const source = await startRegistry({ kind: 'distribution' });
  stops.push(async () => await source.stop());
  const target = await startRegistry({ kind: 'distribution' });
  stops.push(async () => await target.stop());
  const given = process.env['FERRY_DIFY_COMPOSE'];
  const text = given === undefined ? standIn : readFileSync(given, 'utf8');
  const hosts = new Set<string>();
  const project = await projectOf(text, given);
  for (const { reference } of project) {
    const { host, path, tag = 'latest' } = reference;
    hosts.add(host);
    const image = await makeImage({ name: printImageReference(reference), layers: [1_000] });
    await pushImage(source, { image, repository: `${host}/${path}`.replaceAll(':', '-'), tag });
  }
  // The source registries are not reached: a mirror of each answers for it.
  const configuration = {
    hosts: Object.fromEntries(
      [...hosts].map((host) => [host, { mirrors: [{ registry: `http://${source.host}/${host}`, resolveTags: true }] }]),
    ),
  };
  const stage = makeFerryStage({ configuration, environment: { MY_REGISTRY: target.host } });
  stops.push(async () => await stage.clear());
  const path = join(stage.folder, 'docker-compose.yaml');
  const rewritten = join(stage.folder, 'mirrored.yaml');
  writeFileSync(path, text);

  const found = await stage.ferry('find', path, '--add', '--no-sync');
  const synced = await stage.ferry('up', '--until-idle');
  const used = await stage.ferry('use', 'compose', path, '--rewrite', '-o', rewritten);
  const checked = await stage.ferry('use', '--check', rewritten, '--recorded');

  expect(
    [found.status, synced.status, used.status, checked.status],
    [found, synced, used, checked].map(({ errors, output }) => errors + output).join('\n'),
  ).toEqual([0, 0, 0, 0]);
  const result = readFileSync(rewritten, 'utf8');
  const [before, after] = [text, result].map((one) => parse(one, { merge: true }) as Project);
  expect({ ...after, services: withoutImages(after) }).toEqual({ ...before, services: withoutImages(before) });
  const names = Object.values(after?.services ?? {}).flatMap(({ image }) =>
    image === undefined ? [] : [parseImageReference(image)],
  );
  expect(names.length).toBeGreaterThanOrEqual(project.length);
  for (const name of names.filter(({ host }) => host === target.host)) {
    expect(await readManifest(target, name.path, name.tag ?? ''), printImageReference(name)).toBeDefined();
  }
  expect(names.filter(({ host }) => host !== target.host)).toEqual([]);
  const changedLines = text.split('\n').filter((line, at) => line !== result.split('\n')[at]);
  expect(changedLines.filter((line) => !/^\s*(?:[\w-]+: \{)?image:/.test(line))).toEqual([]);
}, 280_000);

interface Project {
  readonly services: Readonly<Record<string, { readonly image?: string }>>;
}

function withoutImages(project: Project | undefined): unknown {
  return Object.entries(project?.services ?? {}).map(([name, { image: _image, ...rest }]) => [name, rest]);
}

async function projectOf(text: string, path: string | undefined) {
  if (path !== undefined) return (await readProject(path, text)).services;
  const stage = makeFerryStage({ configuration: {} });
  stops.push(async () => await stage.clear());
  const file = join(stage.folder, 'compose.yaml');
  writeFileSync(file, text);
  return (await readProject(file, text)).services;
}
