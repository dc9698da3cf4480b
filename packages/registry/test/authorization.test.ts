import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  startScripted,
  targetAt,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import type { RegistryCredentials } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import { listTags } from '../src/list-tags.js';

const user: RegistryCredentials = { username: 'captain', password: 'se:cret' };
const basic = `Basic ${Buffer.from('captain:se:cret').toString('base64')}`;

function credentials(known: RegistryCredentials | undefined): () => Promise<RegistryCredentials | undefined> {
  return () => Promise.resolve(known);
}

interface TokenServer {
  readonly server: ScriptedRegistry;
  /** Every token issued so far. Only the newest token of a scope is valid. */
  readonly given: {
    readonly scopes: readonly string[];
    readonly authorization: string | undefined;
    readonly token: string;
  }[];
}

/** Starts a token server, and a registry that accepts only its tokens. */
async function withTokens(
  registry: ScriptedRegistry,
  {
    expiresIn = 300,
    issuedAt = new Date().toISOString(),
    accept = () => true,
  }: { expiresIn?: number; issuedAt?: string; accept?: (authorization: string | undefined) => boolean } = {},
): Promise<TokenServer> {
  const server = await startScripted();
  const given: TokenServer['given'] = [];
  server.when('GET', /^\/token/, ({ request, path, response }) => {
    const { authorization } = request.headers;
    if (!accept(authorization)) {
      answerError(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
      return;
    }
    const token = `token-${given.length + 1}-${randomBytes(4).toString('hex')}`;
    given.push({ scopes: new URL(path, server.url).searchParams.getAll('scope'), authorization, token });
    answer(response, 200, {}, Buffer.from(JSON.stringify({ token, expires_in: expiresIn, issued_at: issuedAt })));
  });
  for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
    registry.when(method, /^\/v2\//, async ({ request, path, response, ordinary }) => {
      const name = /^\/v2\/(.+?)\/(?:manifests|blobs|tags)/.exec(path)?.[1] ?? '';
      const good = given.some(
        ({ token, scopes }) =>
          request.headers.authorization === `Bearer ${token}` && scopes.some((scope) => scope.includes(`:${name}:`)),
      );
      if (good) {
        await ordinary();
        return;
      }
      request.resume();
      const actions = method === 'GET' || method === 'HEAD' ? 'pull' : 'pull,push';
      answer(response, 401, {
        'www-authenticate': `Bearer realm="${server.url}/token",service="test registry",scope="repository:${name}:${actions}"`,
      });
    });
  }
  return { server, given };
}

describe('bearer tokens', () => {
  test('one token serves a whole repository, and is requested with user and password', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(10), randomBytes(20)] });
    const [atSource, atTarget] = [await withTokens(source), await withTokens(target)];

    const report = await copyImage(
      clientFor([source, target], { credentials: credentials(user) }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(atSource.given.map(({ scopes }) => scopes)).toEqual([[`repository:${repository}:pull`]]);
    expect(atTarget.given.map(({ scopes }) => scopes)).toEqual([[`repository:${targetRepository}:pull,push`]]);
    expect(atTarget.given[0]?.authorization).toBe(basic);
  });

  test('without credentials the client requests an anonymous token', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const { given } = await withTokens(source);

    await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(given.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('refused credentials are reported, and the client does not retry as anonymous', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const { server } = await withTokens(source, { accept: (authorization) => authorization === undefined });

    const copying = copyImage(
      clientFor([source, target], { credentials: credentials(user) }),
      requestFor(source, [target]),
    );

    await expect(copying).rejects.toMatchObject({ code: 'unauthorized', decision: 'block', side: 'source' });
    await expect(copying).rejects.toThrow(/refused the user and password/);
    await expect(copying).rejects.not.toThrow(/se:cret/);
    expect(server.count('GET', /token/)).toBe(1);
  });

  test('a wrong password at one target does not stop the copy to the other', async () => {
    const [source, target] = await sourceAndTarget();
    const healthy = await startScripted();
    placeImage(source, repository);
    await withTokens(target, { accept: () => false });

    const report = await copyImage(
      clientFor([source, target, healthy], { credentials: credentials(user) }),
      requestFor(source, [target, healthy]),
    );

    expect(report.failures.map(({ target: name, failure }) => [name, failure.code])).toEqual([
      ['target-1', 'unauthorized'],
    ]);
    expect(report.targets.map(({ target: name }) => name)).toEqual(['target-2']);
  });

  test('a token that expires between the data and the commit is renewed, and the data is not sent again', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(1000)] });
    const { given } = await withTokens(target);
    target.when(
      'PUT',
      /uploads/,
      async ({ request, response, ordinary }) => {
        const old = given.splice(0);
        if (old.some(({ token }) => request.headers.authorization === `Bearer ${token}`)) {
          request.resume();
          answer(response, 401, {
            'www-authenticate': `bearer Realm="${target.url}/renewed",error="invalid_token",scope="repository:${targetRepository}:pull,push"`,
          });
        } else await ordinary();
      },
      1,
    );
    target.when('GET', /^\/renewed/, ({ response }) => {
      given.push({ scopes: [`repository:${targetRepository}:pull,push`], authorization: undefined, token: 'renewed' });
      answer(response, 200, {}, Buffer.from('{"access_token":"renewed"}'));
    });

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.count('PATCH', /uploads/)).toBe(2);
  });

  test('a token is requested with the current password, not with the first one', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    let password = 'old';
    const { server, given } = await withTokens(target, {
      accept: (authorization) => authorization === `Basic ${Buffer.from(`captain:${password}`).toString('base64')}`,
    });
    target.when(
      'PUT',
      /manifests/,
      ({ request, response }) => {
        password = 'new';
        given.splice(0);
        request.resume();
        answer(response, 401, {
          'www-authenticate': `Bearer realm="${server.url}/token",scope="repository:${targetRepository}:pull,push"`,
        });
      },
      1,
    );

    const report = await copyImage(
      clientFor([source, target], { credentials: () => Promise.resolve({ username: 'captain', password }) }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
  });

  test('a token with a very short lifetime is used until it expires', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: Array.from({ length: 5 }, () => randomBytes(100)) });
    const { given } = await withTokens(source, { expiresIn: 60 });

    await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(given).toHaveLength(1);
  });

  test.each(['2001-01-01T00:00:00Z', '2101-01-01T00:00:00Z'])(
    'a token from a server whose clock says %s lives as long as others',
    async (issuedAt) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository, { layers: Array.from({ length: 5 }, () => randomBytes(100)) });
      const { given } = await withTokens(source, { issuedAt });

      const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

      expect(report.failures).toEqual([]);
      expect(given).toHaveLength(1);
    },
  );

  test.each(['令牌', 'two\r\nx-lines: 1', '\u0000'])(
    'the token %j is refused because it cannot be sent in a header',
    async (token) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      source.when('GET', /^\/token/, ({ response }) =>
        answer(response, 200, {}, Buffer.from(JSON.stringify({ token, expires_in: 300 }))),
      );
      const challenge = `Bearer realm="${source.url}/token",service="test"`;
      source.when('HEAD', /^\/v2/, ({ response }) => answer(response, 401, { 'www-authenticate': challenge }));

      const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

      await expect(copying).rejects.toMatchObject({ code: 'protocol', decision: 'retry' });
    },
  );

  test('an identity token is exchanged by POST, and never sent as a password', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const { server, given } = await withTokens(source);
    const forms: URLSearchParams[] = [];
    server.when('POST', /^\/token/, async ({ request, response }) => {
      forms.push(new URLSearchParams((await readAll(request)).toString()));
      given.push({ scopes: [`repository:${repository}:pull`], authorization: undefined, token: 'granted' });
      answer(response, 200, {}, Buffer.from('{"access_token":"granted","expires_in":300}'));
    });

    const report = await copyImage(
      clientFor([source, target], {
        credentials: credentials({ username: '<token>', password: '', identityToken: 'long-lived' }),
      }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'long-lived',
      service: 'test registry',
      scope: `repository:${repository}:pull`,
    });
  });

  test('a configured registry token is sent unchanged, and read again after a refusal', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    const { server, given } = await withTokens(source);
    let registryToken = 'spent';
    given.push({ scopes: [`repository:${repository}:pull`], authorization: undefined, token: 'fresh' });
    const client = clientFor([source, target], {
      credentials: (host) =>
        Promise.resolve(host === source.host ? { username: '<token>', password: '', registryToken } : undefined),
    });

    const refused = copyImage(client, requestFor(source, [target]));
    await expect(refused).rejects.toMatchObject({ code: 'unauthorized', decision: 'block' });
    registryToken = 'fresh';
    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  test('a target that denies reads in spite of a token still gets the push, whose answer decides', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    await withTokens(target);
    target.when('HEAD', /./, ({ response }) => answer(response, 403));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test('a source that denies reads in spite of a token blocks the copy', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    await withTokens(source);
    for (const method of ['HEAD', 'GET']) {
      source.when(method, /./, ({ request, response }) => {
        answer(response, 401, {
          'www-authenticate': `Bearer realm="${source.url}/token",scope="repository:${repository}:pull"`,
        });
        request.resume();
      });
    }
    source.when('GET', /^\/token/, ({ response }) => answer(response, 200, {}, Buffer.from('{"token":"weak"}')));

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'unauthorized', decision: 'block' });
  });
});

test('the actions that a challenge names for the repository are requested as well (Azure needs metadata_read)', async () => {
  const registry = await startScripted();
  placeImage(registry, repository);
  const asked: string[][] = [];
  registry.when('GET', /^\/token/, ({ path, response }) => {
    const scopes = new URL(path, registry.url).searchParams.getAll('scope');
    asked.push(scopes);
    const token = scopes.some((scope) => scope.includes('metadata_read')) ? 'metadata' : 'pull';
    answer(response, 200, {}, Buffer.from(JSON.stringify({ token })));
  });
  registry.when('GET', /tags\/list/, ({ request, response, ordinary }) => {
    if (request.headers.authorization === 'Bearer metadata') return ordinary();
    return answer(response, 401, {
      'www-authenticate': `Bearer realm="${registry.url}/token",scope="repository:${repository}:metadata_read"`,
    });
  });

  const tags = await listTags(clientFor([registry]), { host: registry.host, path: repository });

  expect(tags).toEqual([]);
  expect(asked).toEqual([[`repository:${repository}:pull,metadata_read`]]);
});

describe('a push refused with 401 by a registry that accepted the password', () => {
  test.each([
    ['in words of Harbor', `unauthorized to access repository: ${targetRepository}, action: push`],
    ['as a project that is missing', 'project mirror not found'],
    ['in no words at all', 'authentication required'],
  ])(
    'a push refused with 401 after an accepted password is reported as a missing permission: %s',
    async (_how, words) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      const { server, given } = await withTokens(target);
      target.when('POST', /uploads/, ({ request, response }) => {
        request.resume();
        response.setHeader('www-authenticate', `Bearer realm="${server.url}/token",scope="repository:x:pull,push"`);
        answerError(response, 401, 'UNAUTHORIZED', words);
      });

      const report = await copyImage(
        clientFor([source, target], {
          credentials: (host) => Promise.resolve(host === target.host ? user : undefined),
        }),
        requestFor(source, [target]),
      );

      expect(given.length).toBeGreaterThan(0);
      expect(report.failures[0]?.failure).toMatchObject({ code: 'denied', decision: 'block' });
      expect(report.failures[0]?.failure.message).toContain(
        'the account may not write there, the namespace is missing',
      );
      expect(report.failures[0]?.failure.message).not.toContain('check the user and password');
    },
  );
});

describe('two targets that are two accounts of one registry', () => {
  const accounts: Readonly<Record<string, RegistryCredentials>> = {
    'target-1': { username: 'first', password: '1' },
    'target-2': { username: 'second', password: '2' },
  };
  const byTarget = (_host: string, _repository: string, target = '') => Promise.resolve(accounts[target]);
  const userOf = (authorization = ''): string =>
    Buffer.from(authorization.split(' ')[1] ?? '', 'base64')
      .toString()
      .split(':')[0] ?? '';

  test('two accounts of one registry request separate tokens, even for one repository', async () => {
    const [source, registry] = await sourceAndTarget();
    placeImage(source, repository);
    const { given } = await withTokens(registry);

    const report = await copyImage(clientFor([source, registry], { credentials: byTarget }), {
      ...requestFor(source, []),
      targets: [targetAt(registry, { name: 'target-1' }), targetAt(registry, { name: 'target-2', tag: 'v2' })],
    });

    expect(report.failures).toEqual([]);
    expect(given.map(({ authorization }) => userOf(authorization)).sort()).toEqual(['first', 'second']);
  });

  test('two accounts of one registry send separate users and passwords', async () => {
    const [source, registry] = await sourceAndTarget();
    placeImage(source, repository);
    const seen = new Set<string>();
    for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
      registry.when(method, /./, async ({ request, response, path, ordinary }) => {
        const { authorization } = request.headers;
        if (authorization === undefined) answer(response, 401, { 'www-authenticate': 'Basic realm="r"' });
        else {
          seen.add(`${/^\/v2\/(\w+)/.exec(path)?.[1]} ${userOf(authorization)}`);
          await ordinary();
        }
      });
    }

    const report = await copyImage(clientFor([source, registry], { ...streaming, credentials: byTarget }), {
      ...requestFor(source, []),
      targets: [
        targetAt(registry, { name: 'target-1', repository: 'one/app' }),
        targetAt(registry, { name: 'target-2', repository: 'two/app' }),
      ],
    });

    expect(report.failures).toEqual([]);
    expect([...seen].sort()).toEqual(['one first', 'two second']);
  });
});

describe('Basic authentication', () => {
  test('Basic authentication is sent once a challenge requires it, and then with each request', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
      target.when(method, /./, async ({ request, response, ordinary }) => {
        if (request.headers.authorization === basic) await ordinary();
        else answer(response, 401, { 'www-authenticate': 'Basic realm="registry, with a comma"' });
      });
    }
    let asked = 0;

    const report = await copyImage(
      clientFor([source, target], {
        ...streaming,
        credentials: (host) => {
          asked += host === target.host ? 1 : 0;
          return Promise.resolve(user);
        },
      }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(asked).toBe(1);
    expect(source.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test('a password that changes during a copy is read again, and no data is lost', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(1000)] });
    let password = 'old';
    for (const method of ['HEAD', 'GET', 'POST', 'PATCH', 'PUT']) {
      target.when(method, /./, async ({ request, response, path, ordinary }) => {
        if (method === 'PUT' && path.includes('uploads')) password = 'new';
        const good = `Basic ${Buffer.from(`captain:${password}`).toString('base64')}`;
        if (request.headers.authorization === good) await ordinary();
        else {
          request.resume();
          answer(response, 401, { 'www-authenticate': 'Basic realm="r"' });
        }
      });
    }

    const report = await copyImage(
      clientFor([source, target], {
        ...streaming,
        credentials: () => Promise.resolve({ username: 'captain', password }),
      }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
  });

  test('a wrong password for Basic authentication is reported at once', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    for (const method of ['HEAD', 'GET', 'POST']) {
      target.when(method, /./, ({ response }) => answer(response, 401, { 'www-authenticate': 'Basic realm="r"' }));
    }

    const report = await copyImage(
      clientFor([source, target], { credentials: credentials(user) }),
      requestFor(source, [target]),
    );

    expect(report.failures[0]?.failure).toMatchObject({ code: 'unauthorized', decision: 'block' });
    expect(source.count('GET', /blobs/)).toBeLessThanOrEqual(1);
  });
});

describe('redirects and authorization', () => {
  test('a redirect to another host forwards the range, but never the authorization', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const layer = randomBytes(50_000);
    const image = placeImage(source, repository, { layers: [layer] });
    await withTokens(source);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/bucket/layer?signature=hidden` }),
    );
    storage.when('GET', /bucket/, ({ request, response }) => {
      const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? -1);
      if (start >= 0) {
        answer(response, 206, { 'content-range': `bytes ${start}-49999/50000` }, layer.subarray(start));
        return;
      }
      response.writeHead(200, { 'content-length': '50000' });
      response.write(layer.subarray(0, 20_000), () => response.destroy());
    });

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(storage.requests[1]?.headers.range).toMatch(/^bytes=\d+-49999$/);
  });

  test('an expired signed URL is requested again from the registry', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const layer = randomBytes(100);
    const image = placeImage(source, repository, { layers: [layer] });
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/bucket?n=${storage.requests.length}` }),
    );
    storage.when('GET', /n=0/, ({ response }) => answer(response, 403, {}, Buffer.from('<Error>expired</Error>')));
    storage.when('GET', /n=1/, ({ response }) => answer(response, 200, {}, layer));

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
  });

  test('a signed URL that is always refused is reported once, and its address appears once', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const image = placeImage(source, repository);
    source.when('GET', new RegExp(`blobs/${image.layers[0]}`), ({ response }) =>
      answer(response, 307, { location: `${storage.url}/bucket` }),
    );
    storage.when('GET', /bucket/, ({ response }) => answer(response, 403));

    const copying = copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    await expect(copying).rejects.toThrow(/^(?!.*source.*source ).*at its storage/);
  });

  test('a redirect target that requires a token of its own gets an anonymous token', async () => {
    const [source, target] = await sourceAndTarget();
    const elsewhere = await startScripted();
    const image = placeImage(source, repository);
    placeImage(elsewhere, repository);
    elsewhere.putManifest(repository, 'v1', { mediaType: image.mediaType, bytes: image.bytes });
    const { given } = await withTokens(elsewhere);
    for (const method of ['GET', 'HEAD']) {
      source.when(method, /manifests/, ({ path, response }) =>
        answer(response, 307, { location: `${elsewhere.url}${path}` }),
      );
    }

    const report = await copyImage(
      clientFor([source, target, elsewhere], { credentials: credentials(user) }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(given.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('a redirect loop ends with an error', async () => {
    const [source, target] = await sourceAndTarget();
    for (const method of ['GET', 'HEAD']) {
      source.when(method, /manifests/, ({ path, response }) => answer(response, 302, { location: path }));
    }

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'protocol' });
    // First for HEAD, then for GET.
    expect(source.requests.length).toBeLessThan(30);
  });

  test('an upload that is redirected to another host goes there without authorization', async () => {
    const [source, target] = await sourceAndTarget();
    let sessions = 0;
    const storage = await startScripted();
    placeImage(source, repository);
    await withTokens(target);
    target.when('POST', /uploads/, ({ request, response }) => {
      if (request.headers.authorization === undefined) {
        answer(response, 401, {
          'www-authenticate': `Bearer realm="${target.url}/token",scope="repository:${targetRepository}:pull,push"`,
        });
      } else
        answer(response, 202, { location: `http://localhost:${storage.host.split(':')[1]}/put?state=${sessions++}` });
    });
    const seen: (string | undefined)[] = [];
    for (const method of ['PATCH', 'PUT']) {
      storage.when(method, /put/, async ({ request, response, path }) => {
        seen.push(request.headers.authorization);
        const bytes = await readAll(request);
        const { searchParams } = new URL(path, storage.url);
        const [digest, state] = [searchParams.get('digest'), searchParams.get('state') ?? ''];
        if (digest === null) storage.blobs.set(state, bytes);
        else target.putBlob(targetRepository, storage.blobs.get(state) ?? Buffer.alloc(0));
        answer(response, digest === null ? 202 : 201);
      });
    }

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]), {
      concurrentBlobs: 1,
    });

    expect(report.failures).toEqual([]);
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });
});
