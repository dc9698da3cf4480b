import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { dockerConfigCredentials, firstCredentials } from '../../src/registry/credentials/docker-config.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-docker-config-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

function configured(config: unknown): ReturnType<typeof dockerConfigCredentials> {
  const path = join(folder, 'config.json');
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  return dockerConfigCredentials({ path });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A credential helper on PATH: a script that answers as helpers do. */
function installHelper(name: string, script: string): void {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!${process.execPath}\n${script}`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('the file itself', () => {
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

  test('the namespace that fits best wins, and a similar host does not', async () => {
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

  test('an identity token comes with its name', async () => {
    const credentials = configured({ auths: { 'azure.example.com': { identitytoken: 'long-lived' } } });

    const found = await credentials('azure.example.com', 'a');

    expect(found).toMatchObject({ identityToken: 'long-lived' });
  });

  test('a token that is to be shown as it is comes with its name', async () => {
    const credentials = configured({ auths: { 'registry.example.com': { auth: '', registrytoken: 'bearer' } } });

    const found = await credentials('registry.example.com', 'a');

    expect(found).toMatchObject({ registryToken: 'bearer' });
  });

  test('a file that is not there knows nobody; one that cannot be read is a fault', async () => {
    const nobody = dockerConfigCredentials({ path: join(folder, 'missing.json') });
    const broken = configured('not json');

    await expect(nobody('ghcr.io', 'a')).resolves.toBeUndefined();
    await expect(broken('ghcr.io', 'a')).rejects.toMatchObject({ code: 'credentials', decision: 'park' });
  });

  test('the first that knows wins', async () => {
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

  test('the helper of a host is asked before the common store and the file', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({
      credHelpers: { 'ghcr.io': 'ferrytest' },
      auths: { 'ghcr.io': { auth: base64('file:1') } },
    });

    const found = await credentials('ghcr.io', 'org/app');

    expect(found).toEqual({ username: 'for ghcr.io', password: 'secret' });
  });

  test("Docker Hub is asked for by docker's name, and a token is known as one", async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({ credsStore: 'ferrytest' });

    const found = [await credentials('docker.io', 'library/nginx'), await credentials('token.example.com', 'a')];

    expect(found[0]?.username).toBe('for https://index.docker.io/v1/');
    expect(found[1]?.identityToken).toBe('identity');
  });

  test('a host that the store does not know is looked for in the file', async () => {
    installHelper('ferrytest', answers);
    const credentials = configured({
      credsStore: 'ferrytest',
      auths: { 'unknown.example.com': { auth: base64('file:1') } },
    });

    const found = await credentials('unknown.example.com', 'a');

    expect(found?.username).toBe('file');
  });

  test('a helper that is missing or breaks is named, without what it said', async () => {
    installHelper('ferrybroken', `console.log('{"Secret":"do not print"'); process.exit(3);`);
    const broken = configured({ credsStore: 'ferrybroken' });
    const missing = configured({ credsStore: 'ferrymissing' });

    await expect(missing('ghcr.io', 'a')).rejects.toThrow(/docker-credential-ferrymissing.*not installed/);
    await expect(broken('ghcr.io', 'a')).rejects.not.toThrow(/do not print/);
  });
});
