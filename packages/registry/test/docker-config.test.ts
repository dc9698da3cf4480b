import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { dockerConfigCredentials, firstCredentials } from '../src/credentials/docker-config.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-docker-config-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

function configured(config: unknown, onUnused?: (reason: string) => void): ReturnType<typeof dockerConfigCredentials> {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return dockerConfigCredentials({ path, ...(onUnused === undefined ? {} : { onUnused }) });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A credential helper on PATH: a script with the answers of a real helper. */
function installHelper(name: string, script: string): void {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!${process.execPath}\n${script}`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('the Docker configuration file', () => {
  test.each([
    'oci://r.example.com',
    'docker://r.example.com/',
    '//r.example.com',
    'r.example.com.',
    'R.Example.com.:443',
  ])('a key that another tool wrote is found: %s', async (key) => {
    const credentials = configured({ auths: { [key]: { auth: base64('captain:secret') } } });

    expect(await credentials('r.example.com', 'a/b')).toMatchObject({ username: 'captain' });
  });

  test('a file of entries alone (.dockercfg, Kubernetes secrets) is read', async () => {
    const credentials = configured({ 'r.example.com': { auth: base64('captain:secret') }, HttpHeaders: { a: 'b' } });

    expect(await credentials('r.example.com', 'a/b')).toMatchObject({ username: 'captain' });
  });

  test.each([
    ['docker.io', 'library/nginx', 'https://index.docker.io/v1/'],
    ['ghcr.io', 'org/app', 'ghcr.io'],
    ['registry.example.com:5000', 'a/b', 'https://registry.example.com:5000/v1/'],
    ['quay.io', 'team/app', 'quay.io/team'],
  ])('credentials of %s/%s are found under %s', async (host, repository, key) => {
    const credentials = configured({ auths: { [key]: { auth: base64('captain:with:colons') } } });

    const found = await credentials(host, repository);

    expect(found).toEqual({ username: 'captain', password: 'with:colons' });
  });

  test.each([
    'https://index.docker.io/v1/',
    'https://index.docker.io/v1',
    'https://index.docker.io/v2/',
    'https://index.docker.io/',
    'http://index.docker.io/v1/',
    'HTTPS://Index.Docker.IO/v1/',
    'https://index.docker.io:443/v1/',
    'index.docker.io',
    'index.docker.io/v1/',
    'docker.io',
    'docker.io/',
    'https://docker.io',
    'https://registry-1.docker.io/v2/',
    'registry-1.docker.io:443',
    'https://registry.hub.docker.com/v1/',
    'registry.hub.docker.com',
    'hub.docker.com',
    'docker.io/library',
    'docker.io/library/nginx',
    'index.docker.io/library',
  ])("Docker Hub's credentials are found under %s", async (key) => {
    const credentials = configured({ auths: { [key]: { auth: base64('captain:1') } } });

    expect(await credentials('docker.io', 'library/nginx')).toEqual({ username: 'captain', password: '1' });
    expect(await credentials('ghcr.io', 'library/nginx')).toBeUndefined();
  });

  test.each([
    ['r.example.com', 'r.example.com/'],
    ['r.example.com', 'R.Example.com'],
    ['r.example.com', ' r.example.com '],
    ['r.example.com', 'https://r.example.com'],
    ['r.example.com', 'https://r.example.com/v2'],
    ['r.example.com', 'https://r.example.com/v1/'],
    ['r.example.com', 'http://r.example.com/'],
    ['r.example.com', 'r.example.com/v2/'],
    ['r.example.com', 'r.example.com:443'],
    ['r.example.com', 'http://r.example.com:80/v1/'],
    ['r.example.com', 'https://robot@r.example.com/v2/'],
    ['r.example.com', 'https://r.example.com/artifactory/api/docker/'],
    ['r.example.com', 'r.example.com/team'],
    ['r.example.com', 'r.example.com/team/app'],
    ['r.example.com:443', 'r.example.com'],
    ['r.example.com:5000', 'https://r.example.com:5000/v2/'],
    ['[::1]:5000', 'http://[::1]:5000/v2/'],
  ])('credentials of %s are found under "%s"', async (host, key) => {
    const credentials = configured({ auths: { [key]: { auth: base64('captain:1') } } });

    expect(await credentials(host, 'team/app')).toEqual({ username: 'captain', password: '1' });
  });

  test.each([
    'r.example.com:5000',
    'r.example.com.evil.test',
    'evil.test/r.example.com',
    'xr.example.com',
    'r.example.com/tea',
    'r.example.com/team/ap',
    'r.example.com/other',
    'nerdctl-experimental://r.example.com/',
    '',
  ])('credentials under "%s" are not those of r.example.com/team/app', async (key) => {
    const credentials = configured({ auths: { [key]: { auth: base64('captain:1') } } });

    expect(await credentials('r.example.com', 'team/app')).toBeUndefined();
  });

  test("the token that a browser login leaves beside Docker Hub's entry is not used as a password", async () => {
    const credentials = configured({
      auths: { 'https://index.docker.io/v1/access-token': { auth: base64('captain:token') } },
    });

    expect(await credentials('docker.io', 'library/nginx')).toBeUndefined();
  });

  test('if a host has several keys, the one that docker would use takes precedence', async () => {
    const credentials = configured({
      auths: {
        'https://registry-1.docker.io/v2/': { auth: base64('third:3') },
        'docker.io': { auth: base64('second:2') },
        'https://index.docker.io/v1/': { auth: base64('first:1') },
        'http://r.example.com:80': { auth: base64('plain:2') },
        'r.example.com': { auth: base64('exact:1') },
      },
    });

    expect((await credentials('docker.io', 'a'))?.username).toBe('first');
    expect((await credentials('r.example.com', 'a'))?.username).toBe('exact');
  });

  test.each([
    ['base64 without padding', { auth: base64('captain:12').replace(/=+$/, '') }],
    ['base64 for URLs', { auth: base64('captain:12').replaceAll('+', '-').replaceAll('/', '_') }],
    ['base64 in several lines', { auth: `${base64('captain:12').slice(0, 6)}\n${base64('captain:12').slice(6)}\n` }],
    ['NUL at the end', { auth: base64('captain:12\0\0') }],
    ['the end of a line', { auth: base64('captain:12\n') }],
    ['fields of their own', { username: 'captain', password: '12' }],
    ['fields beside an empty auth', { auth: '', username: 'captain', password: '12', email: 'a@example.com' }],
    ['fields beside an auth that cannot be read', { auth: '%%%', username: 'captain', password: '12' }],
  ])('user and password are read from %s', async (_form, entry) => {
    const credentials = configured({ auths: { 'r.example.com': entry } });

    expect(await credentials('r.example.com', 'a')).toEqual({ username: 'captain', password: '12' });
  });

  test('a file with a byte order mark is read, and an empty file has no credentials', async () => {
    const marked = configured(`\uFEFF${JSON.stringify({ auths: { 'ghcr.io': { auth: base64('a:b') } } })}`);
    expect((await marked('ghcr.io', 'a'))?.username).toBe('a');

    const blank = configured(' \n');
    expect(await blank('ghcr.io', 'a')).toBeUndefined();
    expect(await blank.unused?.('ghcr.io', 'a')).toEqual([]);
  });

  test('the longest matching namespace wins, and a similar host does not match', async () => {
    const credentials = configured({
      auths: {
        'quay.io': { auth: base64('host:1') },
        'quay.io/team': { auth: base64('team:2') },
        'quay.io.example.com': { auth: base64('other:3') },
      },
    });

    const found = [
      await credentials('quay.io', 'team/app'),
      await credentials('quay.io', 'else/app'),
      await credentials('uay.io', 'a'),
    ];

    expect(found.map((one) => one?.username)).toEqual(['team', 'host', undefined]);
  });

  test('an identity token is returned with its user name', async () => {
    const credentials = configured({ auths: { 'azure.example.com': { identitytoken: 'long-lived' } } });

    const found = await credentials('azure.example.com', 'a');

    expect(found).toMatchObject({ identityToken: 'long-lived' });
  });

  test('a registry token is returned with its user name', async () => {
    const credentials = configured({ auths: { 'registry.example.com': { auth: '', registrytoken: 'bearer' } } });

    const found = await credentials('registry.example.com', 'a');

    expect(found).toMatchObject({ registryToken: 'bearer' });
  });

  test('a missing file has no credentials, and reports nothing as unused', async () => {
    const credentials = dockerConfigCredentials({ path: join(folder, 'missing.json') });

    expect(await credentials('ghcr.io', 'a')).toBeUndefined();
    expect(await credentials.unused?.('ghcr.io', 'a')).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    ['a file that is not JSON', 'not json', /config\.json: the credentials in it cannot be read: it is not JSON/],
    ['a file of another form', '[]', /it is not a JSON object/],
    ['a section of another form', { auths: ['x'] }, /its "auths" is not a JSON object/],
    ['an entry that is text', { auths: { 'ghcr.io': 'dTpw' } }, /auths "ghcr\.io": it is not a JSON object/],
    [
      'an auth that is not encoded',
      { auths: { 'ghcr.io': { auth: 'captain:do-not-print' } } },
      /they are, which have to be encoded/,
    ],
    ['an auth that is no base64', { auths: { 'ghcr.io': { auth: 'do not print!' } } }, /its "auth" is not base64$/],
    [
      'an auth without a colon',
      { auths: { 'ghcr.io': { auth: base64('do-not-print') } } },
      /not base64 of user:password/,
    ],
    ['an auth that is no text', { auths: { 'ghcr.io': { auth: 7 } } }, /its "auth" is not text/],
    ['an empty entry', { auths: { 'https://ghcr.io/v2/': {} } }, /auths "https:\/\/ghcr\.io\/v2\/": it is empty/],
    [
      'credentials of another namespace',
      { auths: { 'ghcr.io/other': { auth: base64('u:do-not-print') } } },
      /auths "ghcr\.io\/other": it is for images below that name alone/,
    ],
    ['a helper that is no text', { credHelpers: { 'ghcr.io': 7 } }, /credHelpers "ghcr\.io": its value is not text/],
    [
      'a helper that is not installed',
      { credHelpers: { 'ghcr.io': 'ferrymissing' } },
      /credHelpers "ghcr\.io": .*docker-credential-ferrymissing.*not installed/,
    ],
    [
      'a store that is not installed',
      { credsStore: 'ferrymissing' },
      /credsStore: .*docker-credential-ferrymissing.*not installed/,
    ],
  ])('%s does not stop the copy, and is reported with file, key and reason', async (_what, config, reason) => {
    const told: string[] = [];
    const credentials = configured(config, (unused) => told.push(unused));

    const found = [await credentials('ghcr.io', 'team/app'), await credentials('ghcr.io', 'team/app')];
    const unused = await credentials.unused?.('ghcr.io', 'team/app');

    expect(found).toEqual([undefined, undefined]);
    expect(unused).toEqual([expect.stringMatching(reason)]);
    expect(unused?.[0]).toContain(join(folder, 'config.json'));
    expect(unused?.[0]).not.toContain('do-not-print');
    expect(told).toEqual(unused);
  });

  test('an unusable entry is not reported if another entry of the host can be used', async () => {
    const credentials = configured({
      auths: { 'ghcr.io': { auth: 'x' }, 'https://ghcr.io/v2/': { auth: base64('captain:1') } },
      credsStore: 'ferrymissing',
    });

    expect((await credentials('ghcr.io', 'a'))?.username).toBe('captain');
    expect(await credentials.unused?.('ghcr.io', 'a')).toEqual([]);
  });

  test('nothing of the file is reported as unused if another provider has credentials', async () => {
    const file = configured({ auths: { 'ghcr.io': { auth: 'x' } } });
    const own = (host: string) => Promise.resolve(host === 'ghcr.io' ? { username: 'own', password: '1' } : undefined);

    const [first, last] = [firstCredentials(own, file), firstCredentials(file, own)];

    expect(await first.unused?.('ghcr.io', 'a')).toEqual([]);
    expect(await last.unused?.('ghcr.io', 'a')).toEqual([]);
  });

  test('the first provider that has credentials wins', async () => {
    const first = configured({ auths: { 'ghcr.io': { auth: base64('file:1') } } });
    const second = () => Promise.resolve({ username: 'second', password: '2' });

    const both = firstCredentials(first, second);

    expect((await both('ghcr.io', 'a'))?.username).toBe('file');
    expect((await both('quay.io', 'a'))?.username).toBe('second');
  });
});

describe('credential helpers', () => {
  const answers = `
    let server = '';
    process.stdin.on('data', (text) => { server += text; }).on('end', () => {
      if (server.trim() === 'unknown.example.com') { console.log('credentials not found in native keychain'); process.exit(1); }
      if (server.trim() === 'token.example.com') console.log(JSON.stringify({ Username: '<token>', Secret: 'identity' }));
      else console.log(JSON.stringify({ ServerURL: server.trim(), Username: 'for ' + server.trim(), Secret: 'secret' }));
    });`;

  test('the helper of a host takes precedence over the common store and the file', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({
      credHelpers: { 'ghcr.io': 'ferrytest' },
      auths: { 'ghcr.io': { auth: base64('file:1') } },
    });

    const found = await credentials('ghcr.io', 'org/app');

    expect(found).toEqual({ username: 'for ghcr.io', password: 'secret' });
  });

  test("the lookup for Docker Hub uses docker's name for it, and an identity token is recognized", async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({ credsStore: 'ferrytest' });

    const found = [await credentials('docker.io', 'library/nginx'), await credentials('token.example.com', 'a')];

    expect(found[0]?.username).toBe('for https://index.docker.io/v1/');
    expect(found[1]?.identityToken).toBe('identity');
  });

  test('a host that the store does not know is looked up in the file', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({
      credsStore: 'ferrytest',
      auths: { 'unknown.example.com': { auth: base64('file:1') } },
    });

    const found = await credentials('unknown.example.com', 'a');

    expect(found?.username).toBe('file');
  });

  test('a missing or broken helper is named, and its output is not shown', async () => {
    installHelper('ferrybroken', `console.log('{"Secret":"do not print"'); process.exit(3);`);
    const broken = configured({ credsStore: 'ferrybroken' });

    expect(await broken('ghcr.io', 'a')).toBeUndefined();
    const unused = await broken.unused?.('ghcr.io', 'a');
    expect(unused).toEqual([expect.stringContaining('docker-credential-ferrybroken')]);
    expect(unused?.[0]).not.toContain('do not print');
  });

  test.each(['', ' ', null])('a blank helper or store (%j) is ignored, and the file is used', async (blank) => {
    const credentials = configured({
      auths: { 'ghcr.io': { auth: base64('file:1') } },
      credHelpers: blank === null ? null : { 'ghcr.io': blank },
      credsStore: blank,
    });

    expect((await credentials('ghcr.io', 'a'))?.username).toBe('file');
  });

  test('the file is used if a helper fails or has no credentials', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({
      auths: { 'unknown.example.com': { auth: base64('file:1') }, 'ghcr.io': { auth: base64('file:2') } },
      credHelpers: { 'unknown.example.com': 'ferrytest', 'ghcr.io': 'ferrymissing' },
    });

    expect((await credentials('unknown.example.com', 'a'))?.password).toBe('1');
    expect((await credentials('ghcr.io', 'a'))?.password).toBe('2');
  });

  test("the store is queried with the file's names for the host, then with the host itself", async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({ credsStore: 'ferrytest', auths: { 'https://r.example.com/v2/': {} } });

    expect((await credentials('r.example.com', 'a'))?.username).toBe('for https://r.example.com/v2/');
  });

  test('a helper is found by its full name, too, and for a key in any form', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({ credHelpers: { 'https://GHCR.io/': 'docker-credential-ferrytest' } });

    expect((await credentials('ghcr.io', 'a'))?.password).toBe('secret');
  });
});
