import { Ajv } from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { projectRoot } from '../support/tools.js';

interface ComposeService {
  readonly image: string;
  readonly build?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
}

interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** The Compose specification's own schema, which dclint ships. */
const schemaPath = join(
  dirname(createRequire(import.meta.url).resolve('dclint/package.json')),
  'schemas',
  'compose.schema.json',
);
const schema = JSON.parse(readFileSync(schemaPath, 'utf8')) as { $schema?: string };
// Ajv knows draft 7 by its http address.
const isCompose = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile({
  ...schema,
  $schema: 'http://json-schema.org/draft-07/schema#',
});

const compose = parse(readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);

test('docker-compose.yml is what the Compose specification says', () => {
  const isValid = isCompose(compose);

  expect(isCompose.errors).toBeNull();
  expect(isValid).toBe(true);
});

test('the schema finds a key that Compose does not know', () => {
  const misspelt = { services: { mysql: { image: 'mysql', enviroment: {} } } };

  expect(isCompose(misspelt)).toBe(false);
});

test('every image that is pulled stands behind IMAGE_PREFIX, with its whole path on Docker Hub', () => {
  const pulled = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);

  expect(pulled).not.toHaveLength(0);
  for (const image of pulled) expect(image).toMatch(/^\$\{IMAGE_PREFIX:-docker\.io\/\}[a-z]+\/[a-z-]+:[0-9.]+$/);
});

test('Temporal and its tools have one version, and 512 history shards from the first day', () => {
  const versions = services
    .filter(([, { image }]) => /temporalio\/(server|admin-tools):/.test(image))
    .map(([, { image }]) => image.split(':').at(-1));

  expect(new Set(versions).size).toBe(1);
  expect(compose.services['temporal']?.environment?.['NUM_HISTORY_SHARDS']).toBe('512');
});

test('no password is written in it, and no port is open to other machines', () => {
  const passwords = services
    .flatMap(([, { environment = {} }]) => Object.entries(environment))
    .filter(([name]) => /PASSWORD|PWD/.test(name));
  const ports = services.flatMap(([, { ports: open = [] }]) => open);

  expect(passwords).not.toHaveLength(0);
  for (const [, value] of passwords) expect(value).toMatch(/^\$\{[A-Z_]+(:\?[^}]+|:-)\}$/);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('every variable that it asks for is in .env.example, and every file that it mounts is there', () => {
  const asked = [...readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8').matchAll(/\$\{([A-Z_]+):\?/g)];
  const example = readFileSync(join(projectRoot, '.env.example'), 'utf8');
  const mounted = services
    .flatMap(([, { volumes = [] }]) => volumes)
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.split(':')[0] ?? '');

  for (const [, name] of asked) expect(example).toMatch(new RegExp(`^${name}=$`, 'm'));
  for (const path of mounted) expect(existsSync(join(projectRoot, path))).toBe(true);
});

test('the image is made on Debian, from behind IMAGE_PREFIX, and does not run as root', () => {
  const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);

  for (const base of bases) expect(base).toMatch(/^\$\{IMAGE_PREFIX\}library\/node:\d+-bookworm-slim$/);
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \["ferry"\]$/m);
});
