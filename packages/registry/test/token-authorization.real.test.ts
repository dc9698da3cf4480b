import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { clientFor, repository, requestFor, startScripted, targetAt } from '../../../test/support/scripted-set-up.js';
import { TokenServer } from '../../../test/support/token-server.js';
import type { RegistryCredentials } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport, CopyTarget } from '../src/copy-types.js';

/** The registries accept a token for this long after it has expired. */
const leewaySeconds = 60;
/** Reads of this source may pause. */
const patient = { backoffMs: 5 } as const;
const writer = { username: 'writer', password: 'w:rite' };

describe.each(['distribution', 'docker-registry'] as const)('%s with a token service on another host', (kind) => {
  let tokens: TokenServer;
  let registry: RegistryServer;

  beforeAll(async () => {
    tokens = await TokenServer.start();
    registry = await startRegistry({ kind, tokens: tokens.trust });
    tokens.accounts.set('writer', { password: writer.password, rights: () => ['pull', 'push'] });
    tokens.accounts.set('reader', { password: 'r', rights: () => ['pull'] });
    tokens.accounts.set('', {
      password: '',
      rights: (name) => (name.startsWith('public/') ? ['pull'] : []),
    });
    tokens.identities.set('long-lived', 'writer');
  });

  beforeEach(() => {
    tokens.given.length = 0;
    tokens.lifeSeconds = 300;
  });

  afterAll(async () => {
    await registry.stop();
    await tokens.stop();
  });

  /** The registry's own clock decides. */
  async function isTaken(token = ''): Promise<boolean> {
    const answered = await fetch(`${registry.url}/v2/`, { headers: { authorization: `Bearer ${token}` } });
    return answered.ok;
  }

  /** From a scripted source to these repositories of the registry. */
  async function push(repositories: readonly string[], known: RegistryCredentials | undefined): Promise<CopyReport> {
    const source = await startScripted();
    placeImage(source, repository, { layers: [randomBytes(1_000), randomBytes(2_000)] });
    return pushFrom(source, repositories, known);
  }

  async function pushFrom(
    source: { readonly host: string },
    repositories: readonly string[],
    known: RegistryCredentials | undefined,
  ): Promise<CopyReport> {
    const client = clientFor([source, registry], { credentials: () => Promise.resolve(known), timing: patient });
    const targets = repositories.map((one, position) =>
      targetAt(registry, { repository: one, name: `target-${position + 1}` }),
    );
    return copyImage(client, { ...requestFor(source, []), targets });
  }

  async function pull(from: string, known: RegistryCredentials | undefined): Promise<CopyReport> {
    const target = await startScripted();
    const client = clientFor([registry, target], {
      credentials: (host) => Promise.resolve(host === registry.host ? known : undefined),
    });
    const targets: readonly CopyTarget[] = [targetAt(target)];
    return copyImage(client, {
      source: { host: registry.host, path: from, tag: 'v1' },
      platforms: 'all',
      targets,
    });
  }

  test('user and password are exchanged for one token of each repository', async () => {
    const report = await push(['team/one', 'team/two'], writer);

    expect(report.failures).toEqual([]);
    expect(tokens.given.map(({ user, grant }) => `${user} ${grant}`)).toEqual(['writer basic', 'writer basic']);
    expect(tokens.given.map(({ scopes }) => scopes[0]).sort()).toEqual([
      'repository:team/one:pull,push',
      'repository:team/two:pull,push',
    ]);
  });

  test('an identity token is exchanged by the refresh token grant', async () => {
    const report = await push(['team/identity'], { username: '<token>', password: '', identityToken: 'long-lived' });

    expect(report.failures).toEqual([]);
    expect(tokens.given.map(({ user, grant }) => `${user} ${grant}`)).toEqual(['writer refresh_token']);
  });

  test('a public image is read without an account, and a private one is reported as private', async () => {
    await push(['public/app', 'team/app'], writer);

    const report = await pull('public/app', undefined);
    const refused = pull('team/app', undefined);

    expect(report.failures).toEqual([]);
    await expect(refused).rejects.toMatchObject({ code: 'unauthorized', decision: 'block', side: 'source' });
  });

  test('a token with fewer permissions than requested is not requested repeatedly', async () => {
    const report = await push(['team/readonly'], { username: 'reader', password: 'r' });

    expect(report.failures[0]?.failure).toMatchObject({ code: 'denied', decision: 'block', side: 'target' });
    expect(tokens.given.length).toBeLessThan(12);
  });

  test('a token that expires during a blob is renewed for the rest, and the blob moves once', async () => {
    const source = await startScripted();
    const layer = randomBytes(100_000);
    const image = placeImage(source, repository, { layers: [layer] });
    tokens.lifeSeconds = 1 - leewaySeconds;
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), async ({ response }) => {
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 50_000));
      while (await isTaken(tokens.given.at(-1)?.token)) await sleep(50);
      tokens.lifeSeconds = 300;
      response.end(layer.subarray(50_000));
    });

    const report = await pushFrom(source, ['team/slow'], writer);

    expect(report.failures).toEqual([]);
    expect(source.count('GET', new RegExp(`blobs/${image.layers[0]}`))).toBe(1);
    expect(tokens.given.length).toBeGreaterThan(1);
  });

  test('wrong credentials are reported once, and the client does not retry as anonymous', async () => {
    const report = await push(['team/wrong'], { username: 'writer', password: 'guess' });

    expect(report.failures[0]?.failure).toMatchObject({ code: 'unauthorized', decision: 'block' });
    expect(tokens.given).toEqual([]);
  });
});
