import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readConfig, readUpConfig } from '../../src/config/read-config.js';

function faultsOf(variables: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(variables);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.replace('  - ', ''));
  }
}

const aliyun = { ALIYUN_REGISTRY: 'registry.cn-hangzhou.aliyuncs.com', ALIYUN_NAME_SPACE: 'team' };

describe('configuration', () => {
  let folder: string;
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-config-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('the variables of the older scripts configure both targets', () => {
    const config = readConfig({
      ...aliyun,
      MY_REGISTRY: 'http://registry.internal:5000',
      MYSQL_HOST: 'db',
      MYSQL_USER: 'ferry',
      MYSQL_PASSWORD: 'p',
      MYSQL_DB: 'images',
    });

    expect(config.targets).toEqual([
      {
        name: 'aliyun',
        registry: 'registry.cn-hangzhou.aliyuncs.com',
        namespace: 'team',
        naming: 'aliyun',
        manifestPolicy: 'drop',
        explicitNames: {},
      },
      {
        name: 'private',
        registry: 'registry.internal:5000',
        namespace: '',
        naming: 'private',
        manifestPolicy: 'keep',
        explicitNames: {},
      },
    ]);
    expect(config.hosts.get('registry.internal:5000')).toEqual({ scheme: 'http' });
    expect(config.database).toEqual({
      kind: 'mysql',
      host: 'db',
      port: 3306,
      user: 'ferry',
      password: 'p',
      database: 'images',
    });
  });

  test('without MYSQL_HOST the database is a file in the data folder', () => {
    const config = readConfig({ ...aliyun, FERRY_DATA_DIR: folder });

    expect(config.database).toEqual({ kind: 'sqlite', path: join(folder, 'ferry.db') });
  });

  test.each([
    ['registry.cn-shanghai.aliyuncs.com', 'drop'],
    ['crpi-abc123.cn-hangzhou.personal.cr.aliyuncs.com', 'drop'],
    ['team-registry.cn-hangzhou.cr.aliyuncs.com', 'keep'],
  ])('the manifest policy of %s is %s by default', (registry, policy) => {
    const config = readConfig({ ...aliyun, ALIYUN_REGISTRY: registry });

    expect(config.targets[0]?.manifestPolicy).toBe(policy);
  });

  test('all errors of variables are reported at once, each with the name of its variable', () => {
    const read = () =>
      readConfig({
        ALIYUN_REGISTRY: 'not a host',
        ALIYUN_NAME_SPACE: 'team',
        MYSQL_HOST: 'db',
        MYSQL_PORT: 'many',
        FERRY_MISSING_TAG_WAIT: 'soon',
        FERRY_PLATFORMS: 'linux',
      });

    expect(read).toThrow(/ALIYUN_REGISTRY[^]*MYSQL_USER[^]*MYSQL_PORT|MYSQL_USER[^]*MYSQL_PORT[^]*ALIYUN_REGISTRY/);
    expect(read).toThrow(/soon/);
    expect(read).toThrow(/linux/);
  });

  test('the tag latest is mutable by default; the variable overrides the file, which overrides the default', () => {
    const path = join(folder, 'mutable.yaml');
    const file = { tags: ['nightly-*'], every: '12h', backupTag: '{tag}-{yyyymmddhhmmss}' };
    writeFileSync(path, JSON.stringify({ mutableTags: file }));

    const standard = readConfig(aliyun).mutableTags;
    const fromFile = readConfig({ ...aliyun, FERRY_CONFIG: path }).mutableTags;
    const variables = ['all', 'none', 'latest, edge'].map((value) => {
      return readConfig({ ...aliyun, FERRY_CONFIG: path, FERRY_MUTABLE_TAGS: value }).mutableTags.patterns;
    });

    expect(standard).toEqual({ patterns: ['latest'], everyMs: 0 });
    expect(fromFile).toEqual({ patterns: ['nightly-*'], everyMs: 43_200_000, backupTag: file.backupTag });
    expect(variables).toEqual([['*'], [], ['latest', 'edge']]);
  });

  test.each([
    [{ every: 'often' }, /mutableTags\.every: "often" is not a duration/],
    [{ backupTag: 'old-{tag}' }, /mutableTags\.backupTag: "old-\{tag\}" must contain \{yyyymmddhhmmss\} exactly once/],
    [{ backupTag: '{tag}+{yyyymmddhhmmss}' }, /mutableTags\.backupTag: .* gives an invalid tag/],
    [{ tags: 'some' }, /mutableTags\.tags/],
  ])('invalid mutable tags %j are reported with their location', (mutableTags, fault) => {
    const path = join(folder, 'wrong-tags.yaml');
    writeFileSync(path, JSON.stringify({ mutableTags }));

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(fault);
  });

  test('a configuration without a target is an error that says how to set one', () => {
    expect(() => readConfig({})).toThrow(/no target is configured: set ALIYUN_REGISTRY/);
  });

  test('an empty variable, as compose files write it, counts as unset', () => {
    const config = readConfig({ ...aliyun, MYSQL_HOST: '', MY_REGISTRY: '', TEMPORAL_API_KEY: '' });

    expect(config.targets.map(({ name }) => name)).toEqual(['aliyun']);
    expect(config.database.kind).toBe('sqlite');
    expect(config.temporal.connection.tls).toBeFalsy();
  });

  test('a secret can come from a file and is read again at each use', async () => {
    const password = file('password', 'first\n');
    const config = readConfig({ ...aliyun, ALIYUN_REGISTRY_USER: 'me', ALIYUN_REGISTRY_PASSWORD_FILE: password });

    const before = await config.credentials('registry.cn-hangzhou.aliyuncs.com', 'team/nginx');
    writeFileSync(password, 'second\n');
    const after = await config.credentials('registry.cn-hangzhou.aliyuncs.com', 'team/nginx');

    expect([before?.password, after?.password]).toEqual(['first', 'second']);
  });

  test('ferry.yaml adds targets, hosts and manifest policies', async () => {
    const path = file(
      'ferry.yaml',
      [
        'targets:',
        '  aliyun: { manifestPolicy: keep }',
        '  backup:',
        '    registry: https://harbor.example.com',
        '    namespace: mirror',
        '    naming: nested',
        '    credentials: { username: robot, passwordVariable: BACKUP_PASSWORD }',
        'hosts:',
        '  insecure.example.com: { scheme: http }',
      ].join('\n'),
    );

    const config = readConfig({ ...aliyun, FERRY_CONFIG: path, BACKUP_PASSWORD: 's3cret' });

    expect(config.targets.map(({ name, manifestPolicy }) => [name, manifestPolicy])).toEqual([
      ['aliyun', 'keep'],
      ['backup', 'keep'],
    ]);
    expect(config.hosts.get('insecure.example.com')).toEqual({ scheme: 'http' });
    expect(await config.credentials('harbor.example.com', 'mirror/x')).toEqual({
      username: 'robot',
      password: 's3cret',
    });
  });

  test('two targets on one registry each use their own account', async () => {
    const path = file(
      'ferry.yaml',
      [
        'targets:',
        '  inner:',
        '    registry: harbor.example.com',
        '    namespace: team/inner',
        '    credentials: { username: inner, passwordVariable: INNER_PASSWORD }',
        '  outer:',
        '    registry: harbor.example.com',
        '    namespace: team',
        '    credentials: { username: outer, passwordVariable: OUTER_PASSWORD }',
      ].join('\n'),
    );
    const { credentials } = readConfig({ FERRY_CONFIG: path, INNER_PASSWORD: '1', OUTER_PASSWORD: '2' });

    const found = [
      await credentials('harbor.example.com', 'team/inner/app'),
      await credentials('harbor.example.com', 'team/app'),
      await credentials('harbor.example.com', 'team/inner/app', 'outer'),
      await credentials('other.example.com', 'team/app'),
    ];

    expect(found.map((one) => one?.username)).toEqual(['inner', 'outer', 'outer', undefined]);
  });

  test('MY_REGISTRY and ALIYUN_REGISTRY can name the same registry', async () => {
    const { credentials } = readConfig({
      ...aliyun,
      ALIYUN_REGISTRY_USER: 'first',
      ALIYUN_REGISTRY_PASSWORD: '1',
      MY_REGISTRY: aliyun.ALIYUN_REGISTRY,
      MY_REGISTRY_USER: 'second',
      MY_REGISTRY_PASSWORD: '2',
    });

    const found = [
      await credentials(aliyun.ALIYUN_REGISTRY, 'team/app', 'aliyun'),
      await credentials(aliyun.ALIYUN_REGISTRY, 'team/app', 'private'),
      await credentials(aliyun.ALIYUN_REGISTRY, 'team/app'),
      await credentials(aliyun.ALIYUN_REGISTRY, 'library/app'),
    ];

    expect(found.map((one) => one?.username)).toEqual(['first', 'second', 'first', 'second']);
  });

  test('explicit target names are found for any spelling of their source', () => {
    const path = file('ferry.yaml', 'targets: { private: { names: { nginx: web/nginx, GHCR.io/a/b: tools/b } } }\n');

    const { targets } = readConfig({ MY_REGISTRY: 'registry.example.com', FERRY_CONFIG: path });

    expect(targets[0]?.explicitNames).toEqual({ 'docker.io/library/nginx': 'web/nginx', 'ghcr.io/a/b': 'tools/b' });
  });

  test('all namespaces and names that a registry does not allow are reported at once', () => {
    const path = file(
      'ferry.yaml',
      [
        'targets:',
        '  private:',
        '    names: { "nginx:1.27": web/nginx, redis: Web/Redis, docker.io/busybox: a/b, busybox: a/c }',
        '  deep: { registry: registry.cn-beijing.aliyuncs.com, namespace: one/two }',
      ].join('\n'),
    );
    const read = () =>
      readConfig({ ...aliyun, ALIYUN_NAME_SPACE: '../x', MY_REGISTRY: 'registry.example.com', FERRY_CONFIG: path });

    for (const fault of [/"\.\.\/x"/, /nginx:1\.27.* tag/, /"Web\/Redis"/, /busybox twice/, /"one\/two"/]) {
      expect(read).toThrow(fault);
    }
  });

  test('an unknown key of ferry.yaml is reported by name', () => {
    const path = file('ferry.yaml', 'tragets: {}\n');

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(/tragets/);
  });

  test.each([
    ['targets: [\n', /ferry\.yaml is not valid YAML: Flow sequence .* at line \d+, column \d+$/],
    ['targets:\n\tharbor: 1\n', /ferry\.yaml is not valid YAML: Tabs are not allowed .* at line 2, column 1$/],
  ])('a ferry.yaml that is not valid YAML (%j) is reported in one line with the position', (content, fault) => {
    const path = file('ferry.yaml', content);

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(fault);
  });

  test('a missing ferry.yaml is reported by its path', () => {
    const path = join(folder, 'none.yaml');

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(`FERRY_CONFIG: ${path} cannot be read: ENOENT`);
  });

  test('every error of ferry.yaml begins with the path as it was given', () => {
    const content = {
      targets: {
        none: {},
        private: { namespace: '../x', names: { 'nginx:1': 'a', redis: 'Web/Redis', 'A b': 'a' } },
        wrong: { registry: 'not a host' },
      },
      hosts: { 'a b': {}, 'docker.io': { bandwidth: 'much', pulls: { allowance: 1, window: 'soon' } } },
      mutableTags: { every: 'often' },
      upstreams: {
        dify: { platforms: ['amd64'] },
        X_1: { kind: 'tags', image: 'nginx' },
        xinference: { targets: ['x'] },
      },
      schedules: { 'sync-all': { every: 'daily' }, 'fetch-x': 'off' },
    };
    const path = file('other-name.yml', JSON.stringify(content));

    const lines = faultsOf({ MY_REGISTRY: 'registry.example.com', FERRY_CONFIG: path });

    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => !line.startsWith(`${path}: `))).toEqual([]);
  });

  test.each([
    ['targets: { lab: { registy: lab.example.com } }', 'targets.lab.registy is unknown; did you mean registry?'],
    ['schedule: {}', 'schedule is unknown; did you mean schedules?'],
    ['github: { token: x }', 'github.token is unknown; known: apiUrl'],
    ['targets: { Lab: {} }', 'targets.Lab: must be lower-case letters, digits and dashes'],
    [
      'targets: { lab: { credentials: me:secret } }',
      'targets.lab.credentials: must be a mapping of keys to values, and is text',
    ],
    ['targets: { lab: { naming: wild } }', 'targets.lab.naming: must be aliyun, private, nested, flat or hash'],
    ['hosts: [a.example.com]', 'hosts: must be a mapping of keys to values, and is a list'],
    ['hosts: { a.example.com: { caFile: } }', 'hosts.a.example.com.caFile: must be text, and is empty'],
    ['hosts: { a.example.com: { connections: 0 } }', 'hosts.a.example.com.connections: must be at least 1'],
    ['hosts: { a.example.com: { concurrency: 65 } }', 'hosts.a.example.com.concurrency: must be at most 64'],
    [
      'hosts: { a.example.com: { concurrency: 1.5 } }',
      'hosts.a.example.com.concurrency: must be a whole number, and is a number',
    ],
    ['hosts: { a.example.com: { pulls: { allowance: 1 } } }', 'hosts.a.example.com.pulls.window: is missing'],
    ['upstreams: { x: { kind: rss } }', 'upstreams.x.kind: must be compose, kubernetes, helm, release or tags'],
    ['upstreams: { dify: { targets: [] } }', 'upstreams.dify.targets: must not be empty'],
    ['github: { apiUrl: nowhere }', 'github.apiUrl: must be an http:// or https:// URL'],
    ['words', 'must be a mapping of keys to values, and is text'],
  ])('an entry of the wrong type (%s) is reported in terms of the file', (content, said) => {
    const path = file('ferry.yaml', `${content}\n`);

    expect(faultsOf({ ...aliyun, FERRY_CONFIG: path })).toEqual([`${path}: ${said}`]);
  });

  test('errors of types in ferry.yaml hide no errors of values and cause no further errors', () => {
    const path = file(
      'ferry.yaml',
      [
        'targets: { lab: { registy: lab.example.com } }',
        'upstreams:',
        '  feed: { kind: rss, repository: a/b }',
        '  nginx: { kind: tags, image: nginx, targets: [lab, gone], schedule: { every: 1 hour } }',
        '  redis: { kind: tags, image: redis, targets: [lab, gone] }',
        'schedules: { sync-al: off, sync-all: { evry: 1h }, fetch-feed: off, fetch-nginx: off, fetch-dify: { every: soon } }',
      ].join('\n'),
    );

    const lines = faultsOf({ ...aliyun, FERRY_CONFIG: path, FERRY_HISTORY_DAYS: 'many' });

    expect(lines.map((line) => line.replace(`${path}: `, '').slice(0, 40))).toEqual(
      [
        'targets.lab.registy is unknown; did you mean registry?',
        'upstreams.feed.kind: must be compose, kubernetes, helm, release or tags',
        'schedules.sync-all: must be off, { every: 12h, offset: 5m }',
        'upstreams.nginx: "1 hour" is not a duration',
        'upstreams.redis.targets contains the unknown target gone',
        'schedules.sync-al is unknown; known: sync-all',
        'schedules.fetch-dify: "soon" is not a duration',
        'FERRY_HISTORY_DAYS is "many": expected a whole',
      ].map((line) => line.slice(0, 40)),
    );
  });

  test.each(['targets', 'hosts', 'github', 'mutableTags', 'upstreams', 'schedules', 'referrers'])(
    'an empty section of ferry.yaml (%s) counts as missing',
    (section) => {
      const read = (content: string) => {
        const { upstreams, schedules, sources } = readConfig({
          ...aliyun,
          FERRY_CONFIG: file('ferry.yaml', content),
        });
        return { upstreams, schedules, sources };
      };

      expect(read(`${section}:\n`)).toEqual(read(''));
    },
  );

  test('a host can be listed by its name alone', () => {
    const path = file('ferry.yaml', 'hosts:\n  127.0.0.1:5000:\n');

    expect(readConfig({ ...aliyun, FERRY_CONFIG: path }).sources.trusted).toContain('127.0.0.1:5000');
  });

  test("ferry up reports errors of the server's settings together with all others", () => {
    const reading = (): unknown => readUpConfig({ ...aliyun, FERRY_COPIES_AT_ONCE: '0', FERRY_LISTEN: 'nowhere' });

    expect(reading).toThrow(/FERRY_COPIES_AT_ONCE is "0"[^]*FERRY_LISTEN is "nowhere"/);
  });

  test("the address of Temporal's web UI is rejected as TEMPORAL_ADDRESS", () => {
    expect(() => readConfig({ ...aliyun, TEMPORAL_ADDRESS: 'http://127.0.0.1:8233' })).toThrow(
      'TEMPORAL_ADDRESS is "http://127.0.0.1:8233": expected host:port without http:// or https://',
    );
  });

  test.each([
    ['schedules', 'fetch-dify: 5m', 'fetch-dify: must be off, { every: 12h, offset: 5m } or { cron:'],
    ['upstreams', 'dify: { schedule: { each: 5m } }', 'dify.schedule: must be off, { every: 12h } or { cron:'],
    ['hosts', 'docker.io: { mirrors: [5] }', 'docker.io.mirrors.0: must be host/path, or { registry: host/path'],
    ['mutableTags', 'tags: latest', 'tags: must be all, none or a list of tags'],
  ])('an invalid value of ferry.yaml (%s) is reported with all valid forms', (key, value, said) => {
    const path = file('ferry.yaml', `${key}: { ${value} }\n`);

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(`${key}.${said}`);
  });

  test('a variable that is set both directly and by a file is an error', () => {
    expect(() => readConfig({ ...aliyun, MYSQL_HOST: 'db', MYSQL_USER: 'u', MYSQL_USER_FILE: '/nowhere' })).toThrow(
      /MYSQL_USER and MYSQL_USER_FILE are both set/,
    );
  });

  test('a pull allowance or other limits of a host make it neither trusted nor allowed', () => {
    const path = file(
      'ferry.yaml',
      'hosts: { index.docker.io: { pulls: { allowance: 80, window: 6h } }, slow.example.com: { bandwidth: 1MB/s } }',
    );

    const { pullAllowances, sources } = readConfig({ ...aliyun, FERRY_CONFIG: path });

    expect([...pullAllowances]).toEqual([['docker.io', { pulls: 80, windowMs: 21_600_000 }]]);
    expect(sources.trusted).toEqual(['registry.cn-hangzhou.aliyuncs.com']);
    expect(sources.allowed).not.toContain('slow.example.com');
  });

  test.each([
    ['{ allowance: 80, window: soon }', 'hosts.docker.io.pulls.window: "soon" is not a duration'],
    ['{ allowance: 80, window: 0s }', 'hosts.docker.io.pulls.window is "0s": expected at least 1s'],
    ['{ allowance: 0, window: 6h }', 'hosts.docker.io.pulls.allowance'],
    ['{ allowance: 80 }', 'hosts.docker.io.pulls.window'],
  ])('the invalid pull allowance %s is an error', (pulls, said) => {
    const path = file('ferry.yaml', `hosts: { docker.io: { pulls: ${pulls} } }`);

    expect(() => readConfig({ ...aliyun, FERRY_CONFIG: path })).toThrow(said);
  });

  test('a target with engine docker does not copy referrers', () => {
    const read = (engine: string) =>
      readConfig({
        ...aliyun,
        MY_REGISTRY: 'registry.internal:5000',
        FERRY_CONFIG: file('ferry.yaml', `{ referrers: true, targets: { private: ${engine} } }`),
      });

    const [first, second] = read('{ engine: docker }').targets;

    expect([first?.engine, first?.referrers]).toEqual([undefined, true]);
    expect([second?.engine, second?.referrers]).toEqual(['docker', undefined]);
    expect(() => read('{ engine: docker, referrers: true }')).toThrow('targets.private has "engine: docker"');
    expect(() => read('{ engine: podman }')).toThrow('targets.private.engine');
  });

  test('the docker command gets the variables to find its daemon and no secret of the ferry', () => {
    const { docker } = readConfig({
      ...aliyun,
      ALIYUN_REGISTRY_USER: 'captain',
      ALIYUN_REGISTRY_PASSWORD: 'secret',
      PATH: '/usr/bin',
      DOCKER_HOST: 'ssh://builder',
      DOCKER_CONFIG: '/home/me/.docker-work',
    });

    expect(docker).toEqual({
      environment: { PATH: '/usr/bin', DOCKER_HOST: 'ssh://builder', DOCKER_CERT_PATH: '/home/me/.docker-work' },
      userConfigFolder: '/home/me/.docker-work',
    });
  });
});
