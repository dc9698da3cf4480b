import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Ajv } from 'ajv';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { awkwardPasswords, quotedForEnv } from '../support/awkward-passwords.js';
import { projectRoot } from '../support/tools.js';

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly args: Readonly<Record<string, string>> };
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
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

test("Compose's own loader reads docker-compose.yml: every service, in the order in which they need each other", () => {
  const { file, project } = JSON.parse(readFileSync(recordedProjectPath, 'utf8')) as RecordedProject;
  const conditionsOf = (name: string) =>
    Object.entries(project.services[name]?.depends_on ?? {}).map(([other, { condition }]) => `${other}: ${condition}`);

  // Record again after a change of docker-compose.yml: see "Recorded histories" in CONTRIBUTING.md.
  expect(file).toBe(hashOfComposeFile());
  expect(Object.keys(project.services).toSorted()).toEqual(services.map(([name]) => name).toSorted());
  expect(conditionsOf('temporal-schema')).toEqual(['mysql: service_healthy']);
  expect(conditionsOf('temporal')).toEqual(['temporal-schema: service_completed_successfully']);
  expect(conditionsOf('temporal-namespace')).toEqual(['temporal: service_healthy']);
  expect(conditionsOf('worker')).toEqual([
    'mysql: service_healthy',
    'temporal-namespace: service_completed_successfully',
  ]);
  expect(conditionsOf('server')).toEqual(['temporal-namespace: service_completed_successfully']);
});

test("as Compose's own loader reads it, worker and server have the same database, a password is literal, ports are local", () => {
  const { project } = JSON.parse(readFileSync(recordedProjectPath, 'utf8')) as RecordedProject;
  const { worker, server } = project.services;
  const database = ['MYSQL_HOST', 'MYSQL_DB', 'MYSQL_USER', 'MYSQL_PASSWORD', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
  const settingsOf = (service: LoadedService | undefined) => database.map((name) => service?.environment[name]);
  const ports = Object.values(project.services).flatMap(({ ports: open = [] }) => open);

  expect(settingsOf(worker)).toEqual(['mysql', 'image_ferry', 'ferry', 'a $ecret', 'temporal:7233', 'image-ferry']);
  expect(settingsOf(server)).toEqual(settingsOf(worker));
  expect(server?.command).toEqual(['server']);
  expect(worker?.stop_grace_period).toBe('1m0s');
  expect(ports.map(({ host_ip: address }) => address)).toEqual(ports.map(() => '127.0.0.1'));
  expect(ports.map(({ published, target }) => `${published}:${target}`).toSorted()).toEqual([
    '7233:7233',
    '8080:8080',
    '8088:8080',
  ]);
});

test("without passwords in .env, Compose's own loader refuses the file and names each variable", () => {
  const { refusal } = JSON.parse(readFileSync(recordedProjectPath, 'utf8')) as RecordedProject;

  for (const name of ['MYSQL_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'FERRY_API_TOKEN']) {
    expect(refusal).toContain(`set ${name} in .env`);
  }
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

test("the images have the versions of Temporal's own compose samples, and a MySQL of long support", () => {
  const pulled = services.flatMap(([, { image, build }]) => (build === undefined ? [image.split('}').at(-1)] : []));

  // https://github.com/temporalio/samples-server, compose/.env
  expect(new Set(pulled)).toEqual(
    new Set(['library/mysql:8.4', 'temporalio/server:1.31.0', 'temporalio/admin-tools:1.31.0', 'temporalio/ui:2.49.1']),
  );
});

test("the logs of every container are limited, and every part that stays has a health check but Temporal's pages", () => {
  const unchecked = services.filter(
    ([name, { healthcheck, command = [] }]) =>
      healthcheck === undefined && !name.endsWith('-schema') && !name.endsWith('-namespace') && command !== undefined,
  );

  for (const [, { logging }] of services) {
    expect(logging).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } });
  }
  expect(unchecked.map(([name]) => name)).toEqual(['temporal-ui']);
  expect(compose.services['worker']?.healthcheck?.test).toEqual(['CMD', 'ferry', 'worker', '--check']);
});

test('the build gets the proxies in both spellings, and the registry for npm', () => {
  const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
  const [firstStage = ''] = dockerfile.split(/^FROM .*\n(?=[^]*^FROM )/m).slice(1);

  expect(compose.services['worker']?.build?.args).toEqual({
    IMAGE_PREFIX: '${IMAGE_PREFIX:-docker.io/}',
    NPM_CONFIG_REGISTRY: '${NPM_CONFIG_REGISTRY:-}',
    HTTP_PROXY: '${FERRY_HTTP_PROXY:-}',
    HTTPS_PROXY: '${FERRY_HTTPS_PROXY:-}',
    NO_PROXY: '${FERRY_NO_PROXY:-}',
    http_proxy: '${FERRY_HTTP_PROXY:-}',
    https_proxy: '${FERRY_HTTPS_PROXY:-}',
    no_proxy: '${FERRY_NO_PROXY:-}',
  });
  // In the stage that calls npm, before it does.
  expect(firstStage.indexOf('ARG NPM_CONFIG_REGISTRY')).toBeGreaterThan(-1);
  expect(firstStage.indexOf('ARG NPM_CONFIG_REGISTRY')).toBeLessThan(firstStage.indexOf('RUN npm ci'));
});

test.each(awkwardPasswords)(
  'the password %j of .env reaches a container as it is, by the rules of Compose',
  (password) => {
    const line = quotedForEnv(password);
    const recorded = readRecorded().find((answer) => answer.line === line);

    expect(recorded).toEqual({ line, value: password });
  },
);

test.each(awkwardPasswords)("Temporal's server reads the password %j out of the YAML that it makes", (password) => {
  const { entrypoint = [], command = [], environment = {} } = compose.services['temporal'] ?? {};
  const [shell = '', ...flags] = entrypoint;
  // What the server's own template does with it.
  const script = (command[0] ?? '')
    .replaceAll('$$', '$')
    .replace('exec /etc/temporal/entrypoint.sh', `printf 'password: "%s"' "$MYSQL_PWD"`);

  const yaml = execFileSync(shell, [...flags, script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], MYSQL_PWD: password },
  });

  expect(environment['MYSQL_PWD']).toMatch(/^\$\{TEMPORAL_DB_PASSWORD:\?/);
  expect(parse(yaml)).toEqual({ password });
});

test('no password is written in it, and no port is open to other machines', () => {
  const passwords = services
    .flatMap(([, { environment = {} }]) => Object.entries(environment))
    .filter(([name]) => /PASSWORD|PWD/.test(name) && name !== 'MYSQL_ALLOW_EMPTY_PASSWORD');
  const ports = services.flatMap(([, { ports: open = [] }]) => open);

  expect(passwords).not.toHaveLength(0);
  for (const [, value] of passwords) expect(value).toMatch(/^\$\{[A-Z_]+(:\?[^}]+|:-)\}$/);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

test('every variable that docker-compose.yml requires is in .env.example, and every file that it mounts exists', () => {
  const asked = [...readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8').matchAll(/\$\{([A-Z_]+):\?/g)];
  const example = readFileSync(join(projectRoot, '.env.example'), 'utf8');
  const mounted = services
    .flatMap(([, { volumes = [] }]) => volumes)
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.split(':')[0] ?? '');

  for (const [, name] of asked) expect(example).toMatch(new RegExp(`^${name}=''$`, 'm'));
  for (const path of mounted) expect(existsSync(join(projectRoot, path))).toBe(true);
});

test('the image is made on Debian, from behind IMAGE_PREFIX, and does not run as root', () => {
  const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);

  for (const base of bases) expect(base).toMatch(/^\$\{IMAGE_PREFIX\}library\/node:\d+-bookworm-slim$/);
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toMatch(/^ENTRYPOINT \["ferry"\]$/m);
});

// The answers are recorded, so that Go is not needed: FERRY_RECORD_COMPOSE_GO=1 asks Compose's own code and writes them.
const recordedPath = join(projectRoot, 'test', 'deploy', 'compose-env.jsonl');

/** What Compose's own loader makes of docker-compose.yml. */
const recordedProjectPath = join(projectRoot, 'test', 'deploy', 'compose-project.json');

interface RecordedProject {
  /** SHA-256 of the file that was read. */
  readonly file: string;
  readonly project: {
    readonly name: string;
    readonly services: Readonly<Record<string, LoadedService>>;
    readonly volumes: object;
  };
  /** What it says with the variables of .env.example, which has no passwords. */
  readonly refusal: string;
}

interface LoadedService {
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly host_ip: string; readonly published: string; readonly target: number }[];
  readonly stop_grace_period?: string;
}

interface ReadLine {
  /** What stands behind `NAME=` in .env. */
  readonly line: string;
  /** What a container gets. */
  readonly value: string;
}

beforeAll(() => {
  if (process.env['FERRY_RECORD_COMPOSE_GO'] !== '1') return;
  const folder = mkdtempSync(join(tmpdir(), 'ferry-compose-env-'));
  try {
    const program = join(folder, 'compose');
    const source = join(projectRoot, 'test', 'compose', 'compose-go');
    execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: 'inherit' });
    const envLines = awkwardPasswords.map(quotedForEnv);
    const answer = execFileSync(program, { input: JSON.stringify({ envLines }), encoding: 'utf8' });
    const values = JSON.parse(answer) as { readonly text: string }[];
    const recorded = envLines.map((line, position) => JSON.stringify({ line, value: values[position]?.text }));
    writeFileSync(recordedPath, `${recorded.join('\n')}\n`);
    recordProject(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 300_000);

function recordProject(folder: string): void {
  const program = join(folder, 'compose-project');
  const source = join(projectRoot, 'test', 'deploy', 'compose-project');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: 'inherit' });
  const file = join(projectRoot, 'docker-compose.yml');
  const env = join(folder, 'env');
  writeFileSync(
    env,
    ['MYSQL_PASSWORD', 'TEMPORAL_DB_PASSWORD', 'FERRY_API_TOKEN'].map((name) => `${name}='a $ecret'\n`).join(''),
  );
  const options = { env: { PATH: process.env['PATH'] }, encoding: 'utf8' } as const;
  const project = JSON.parse(execFileSync(program, [file, env], options)) as object;
  const { stderr: refusal } = spawnSync(program, [file, join(projectRoot, '.env.example')], options);
  const recorded = { file: hashOfComposeFile(), project, refusal: refusal.trim() };
  writeFileSync(recordedProjectPath, `${JSON.stringify(recorded, null, 2)}\n`);
}

function hashOfComposeFile(): string {
  return createHash('sha256')
    .update(readFileSync(join(projectRoot, 'docker-compose.yml')))
    .digest('hex');
}

function readRecorded(): readonly ReadLine[] {
  const lines = readFileSync(recordedPath, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ReadLine);
}
