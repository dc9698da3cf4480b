import { randomBytes } from 'node:crypto';

import { describe, expect, onTestFinished, test } from 'vitest';

import { selfSignedCertificate } from '../../../demo/self-signed-certificate.js';
import { placeImage } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  startScripted,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import { reachRegistry } from '../src/probe-registry.js';

/** A registry that redirects reads of blobs to storage without a check, as distribution's front ends may. */
function keepBlobsIn(storage: ScriptedRegistry, registry: ScriptedRegistry, methods = ['HEAD', 'GET']): void {
  for (const method of methods) {
    registry.when(method, /\/blobs\/sha256:/, ({ path, response }) =>
      answer(response, 307, { location: `${storage.url}/bucket${path}` }),
    );
    storage.when(method, /^\/bucket/, ({ path, response }) => {
      const bytes = registry.blob(targetRepository, path.split('/').at(-1) ?? '');
      if (bytes === undefined) answerError(response, 404, 'BLOB_UNKNOWN', 'no such key');
      else answer(response, 200, {}, bytes);
    });
  }
}

/** Accepts any manifest without a check of what it needs. */
function checkNothing(target: ScriptedRegistry): void {
  target.when('PUT', /manifests/, async ({ request, response, path }) => {
    const bytes = await readAll(request);
    const reference = path.split('/').at(-1) ?? '';
    const digest = target.putManifest(targetRepository, reference, {
      mediaType: request.headers['content-type'] ?? '',
      bytes,
    });
    answer(response, 201, { 'docker-content-digest': digest });
  });
}

describe('a target that redirects reads of blobs to its storage', () => {
  test('a target gets every blob that its storage does not have, even if it checks no manifest', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const image = placeImage(source, repository);
    keepBlobsIn(storage, target);
    checkNothing(target);

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', uploadedBlobs: 2, skippedBlobs: 0 });
    for (const digest of [image.config, ...image.layers]) expect(target.blob(targetRepository, digest)).toBeDefined();
  });

  test('a target does not get a blob again that its storage has', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const image = placeImage(source, repository);
    for (const digest of [image.config, ...image.layers]) {
      target.putBlob(targetRepository, source.blob(repository, digest) ?? Buffer.alloc(0));
    }
    keepBlobsIn(storage, target);

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ uploadedBlobs: 0, skippedBlobs: 2 });
    expect(target.count('POST', /uploads/)).toBe(0);
  });

  test('a storage whose URL is signed for GET alone is checked by reading one byte', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    const layer = randomBytes(400_000);
    const image = placeImage(source, repository, { layers: [layer] });
    target.putBlob(targetRepository, layer);
    keepBlobsIn(storage, target);
    storage.when('HEAD', /^\/bucket/, ({ response }) => answer(response, 403));

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.targets[0]).toMatchObject({ uploadedBlobs: 1, skippedBlobs: 1 });
    expect(target.blob(targetRepository, image.config)).toBeDefined();
    expect(storage.count('HEAD', new RegExp(image.layers[0] ?? ''))).toBe(1);
    expect(storage.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers.range)).toEqual([
      'bytes=0-0',
      'bytes=0-0',
      // After the first commit.
      'bytes=0-0',
    ]);
  });

  test('a target gets the blobs if its storage refuses every check', async () => {
    const [source, target] = await sourceAndTarget();
    const storage = await startScripted();
    placeImage(source, repository);
    keepBlobsIn(storage, target);
    for (const method of ['HEAD', 'GET']) {
      storage.when(method, /^\/bucket/, ({ response }) => answer(response, 403));
    }

    const report = await copyImage(clientFor([source, target, storage]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]).toMatchObject({ uploadedBlobs: 2 });
  });

  test('a blob whose commit was answered by a redirect is found missing at the target', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [] });
    target.when('PUT', /uploads/, ({ request, response }) => {
      request.resume();
      answer(response, 303, { location: '/elsewhere' });
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toHaveLength(1);
    expect(target.blobs.size).toBe(0);
  });
});

test.each([[200], [202], [204]])(
  'a commit answered by %d is not trusted if the blob is missing afterwards',
  async (status) => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [] });
    checkNothing(target);
    target.when('PUT', /uploads/, async ({ request, response }) => {
      await readAll(request);
      answer(response, status);
    });

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure.message).toMatch(/the blob is not there|PUT blob/);
    expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
  },
);

test('a web page in answer to HEAD of a blob does not mean that the blob is there', async () => {
  const [source, target] = await sourceAndTarget();
  placeImage(source, repository);
  checkNothing(target);
  target.when('HEAD', /blobs/, ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end();
  });

  const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

  expect(report.targets[0]).toMatchObject({ uploadedBlobs: 2 });
});

test('a registry whose root answers with a web page counts as unreachable', async () => {
  const registry = await startScripted();
  registry.when('GET', /^\/v2\/$/, ({ response }) => answer(response, 302, { location: '/login' }));
  registry.when('GET', /^\/login/, ({ response }) =>
    answer(response, 200, { 'content-type': 'text/html' }, Buffer.from('<html>Sign in</html>')),
  );

  const withTemporalErrors = reachRegistry(clientFor([registry]), registry.host, {
    side: 'target',
    authorized: true,
    signal: new AbortController().signal,
  });

  await expect(withTemporalErrors).rejects.toThrow(/captive portal, a login page or a proxy/);
});

describe('an upload that is redirected with 307 or 308', () => {
  const moved = (to: string, status = 307) => {
    return ({ request, response, path }: Exchange): void => {
      request.resume();
      answer(response, status, { location: `${to}${path}` });
    };
  };

  test.each([[307], [308]])('an upload is opened if POST is redirected on the same origin: %d', async (status) => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    target.when('POST', /^\/v2/, ({ response, path }) => answer(response, status, { location: `/moved${path}` }));
    target.when('POST', /^\/moved/, ({ response }) =>
      answer(response, 307, { location: `/v2/${targetRepository}/blobs/uploads/?again` }),
    );
    target.when('POST', /again/, ({ ordinary }) => ordinary());

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a redirected upload continues at the other registry with relative locations, and without authorization', async () => {
    const [source, front] = await sourceAndTarget();
    const back = await startScripted();
    const image = placeImage(source, repository, { layers: [randomBytes(300_000)] });
    const authorization = `Basic ${Buffer.from('captain:secret').toString('base64')}`;
    for (const method of ['HEAD', 'GET', 'POST', 'PUT']) {
      front.when(method, /^\/v2/, (exchange) => {
        if (exchange.request.headers.authorization !== authorization) {
          exchange.request.resume();
          answer(exchange.response, 401, { 'www-authenticate': 'Basic realm="front"' });
        } else moved(back.url)(exchange);
      });
    }

    const report = await copyImage(
      clientFor([source, front, back], {
        ...streaming,
        credentials: (host) =>
          Promise.resolve(host === front.host ? { username: 'captain', password: 'secret' } : undefined),
      }),
      requestFor(source, [front]),
    );

    expect(report.failures).toEqual([]);
    expect(back.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
    expect(back.count('PATCH', /uploads/)).toBe(2);
    expect(back.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test('if the registry answers Expect with a redirect, the data of an upload is sent only to the new address', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(400_000);
    const image = placeImage(source, repository, { layers: [layer] });
    target.continues = false;
    target.when('PATCH', /^\/v2/, ({ response, path }) => answer(response, 307, { location: `/data${path}` }));
    target.when('PATCH', /^\/data/, takeData(target));

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    expect(source.count('GET', new RegExp(image.layers[0] ?? ''))).toBe(1);
  });

  test('an upload that is redirected after its data is sent again once, and the other target does not wait', async () => {
    const [source, target] = await sourceAndTarget();
    const other = await startScripted();
    const layer = randomBytes(30_000);
    const image = placeImage(source, repository, { layers: [layer] });
    let taken = 0;
    target.when('PATCH', /^\/v2/, async ({ request, response, path }) => {
      taken += (await readAll(request)).length;
      answer(response, 308, { location: `/data${path}` });
    });
    target.when('PATCH', /^\/data/, takeData(target));

    const report = await copyImage(clientFor([source, target, other], streaming), requestFor(source, [target, other]));

    expect(report.failures).toEqual([]);
    expect(taken).toBeGreaterThan(0);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
    expect(other.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a redirected upload is put whole to the given URL, with nothing added to it', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(30_000);
    const image = placeImage(source, repository, { layers: [layer] });
    const client = clientFor([source, target]);
    client.host(target.host).monolithicUploads = true;
    target.when('PUT', /^\/v2\/.*uploads/, ({ request, response, path }) => {
      request.resume();
      answer(response, 307, { location: `/data${path}` });
    });
    target.when('PUT', /^\/data/, async ({ request, response, path }) => {
      const bytes = await readAll(request);
      expect(new URL(path, target.url).searchParams.getAll('digest')).toHaveLength(1);
      answer(response, 201, { 'docker-content-digest': target.putBlob(targetRepository, bytes) });
    });

    const report = await copyImage(client, requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.blob(targetRepository, image.layers[0] ?? '')?.equals(layer)).toBe(true);
  });

  test('a redirected PUT commits an upload, and also a manifest', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    target.when('PUT', /^\/v2/, ({ request, response, path }) => {
      request.resume();
      const separator = path.includes('?') ? '&' : '?';
      answer(response, 307, { location: `${path}${separator}moved` });
    });
    target.when('PUT', /[?&]moved$/, ({ ordinary }) => ordinary());

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('an upload in a redirect loop ends with an error', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(400_000)] });
    target.continues = false;
    target.when('PATCH', /uploads/, ({ response, path }) => answer(response, 307, { location: path }));

    const report = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(report.failures[0]?.failure.message).toMatch(/redirects more than 10 times/);
    expect(target.count('PATCH', /uploads/)).toBeLessThan(40);
  });

  test("an upload redirect that would change the method is not followed, and the hint has the registry's scheme", async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    target.when('POST', /uploads/, ({ response }) => answer(response, 302, { location: '/other/uploads/' }));

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.failures[0]?.failure.message).toContain(`it points to ${target.url}/other/uploads/`);
  });
});

/** Stores the data for `/data/v2/…` in the session that its path names. */
function takeData(target: ScriptedRegistry) {
  return async ({ request, response, path }: Exchange): Promise<void> => {
    if (request.headers.expect !== undefined) response.writeContinue();
    const bytes = await readAll(request);
    const session = `/session/${path.length}-${randomBytes(4).toString('hex')}`;
    target.when('PUT', new RegExp(session), ({ request: commit, response: done }) => {
      commit.resume();
      answer(done, 201, { 'docker-content-digest': target.putBlob(targetRepository, bytes) });
    });
    answer(response, 202, { location: session });
  };
}

describe('a token service that redirects', () => {
  const user = { username: 'captain', password: 'secret' };
  const basic = `Basic ${Buffer.from('captain:secret').toString('base64')}`;

  /** A source that accepts the token `good`, from a realm on another origin. */
  async function sourceWithRealm() {
    const [source, target] = await sourceAndTarget();
    const realm = await startScripted();
    placeImage(source, repository);
    for (const method of ['HEAD', 'GET']) {
      source.when(method, /^\/v2/, ({ request, response, ordinary }) => {
        if (request.headers.authorization === 'Bearer good') return ordinary();
        return answer(response, 401, {
          'www-authenticate': `Bearer realm="${realm.url}/token",service="s",scope="repository:${repository}:pull"`,
        });
      });
    }
    return { source, target, realm };
  }

  const token = ({ response }: Exchange): void =>
    answer(response, 200, {}, Buffer.from(JSON.stringify({ token: 'good' })));

  test.each([[301], [302], [303], [307], [308]])(
    'a token request that is redirected on its own origin keeps user and password: %d',
    async (status) => {
      const { source, target, realm } = await sourceWithRealm();
      realm.when('GET', /^\/token/, ({ path, response }) => answer(response, status, { location: `/new${path}` }));
      realm.when('GET', /^\/new/, token);

      const report = await copyImage(
        clientFor([source, target, realm], {
          credentials: (host) => Promise.resolve(host === source.host ? user : undefined),
        }),
        requestFor(source, [target]),
      );

      expect(report.failures).toEqual([]);
      expect(realm.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    },
  );

  test('a token request that is redirected to another origin goes without user and password', async () => {
    const { source, target, realm } = await sourceWithRealm();
    const other = await startScripted();
    realm.when('GET', /^\/token/, ({ path, response }) => answer(response, 307, { location: `${other.url}${path}` }));
    other.when('GET', /^\/token/, token);

    const report = await copyImage(
      clientFor([source, target, realm, other], {
        credentials: (host) => Promise.resolve(host === source.host ? user : undefined),
      }),
      requestFor(source, [target]),
    );

    expect(report.failures).toEqual([]);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  test('a refusal after a token redirect names both origins, and says that the password was not sent', async () => {
    const { source, target, realm } = await sourceWithRealm();
    const other = await startScripted();
    realm.when('GET', /^\/token/, ({ response }) => answer(response, 302, { location: `${other.url}/token` }));
    other.when('GET', /^\/token/, ({ response }) => answer(response, 401));

    const copying = copyImage(
      clientFor([source, target, realm, other], {
        credentials: (host) => Promise.resolve(host === source.host ? user : undefined),
      }),
      requestFor(source, [target]),
    );

    await expect(copying).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(copying).rejects.toThrow(
      `its token service ${realm.url}/token redirects to ${other.url}, which answered 401; the user and password were not sent there`,
    );
  });

  test('an identity token is never sent to another origin', async () => {
    const { source, target, realm } = await sourceWithRealm();
    const other = await startScripted();
    realm.when('POST', /^\/token/, ({ request, response }) => {
      request.resume();
      answer(response, 307, { location: `${other.url}/token` });
    });
    other.when('POST', /^\/token/, token);

    const copying = copyImage(
      clientFor([source, target, realm, other], {
        credentials: () => Promise.resolve({ username: '', password: '', identityToken: 'of-mine' }),
      }),
      requestFor(source, [target]),
    );

    await expect(copying).rejects.toThrow(`${realm.url}/token`);
    expect(other.requests).toEqual([]);
  });
});

describe('a blob that a TLS source redirects to plain HTTP', () => {
  const { cert, key } = selfSignedCertificate();

  async function sourceWithPlainStorage() {
    const [storage, target] = await sourceAndTarget();
    const source = await ScriptedRegistry.start({ cert, key });
    onTestFinished(() => source.stop());
    const image = placeImage(source, repository);
    source.when('GET', /blobs/, ({ path, response }) => answer(response, 307, { location: `${storage.url}${path}` }));
    for (const digest of [image.config, ...image.layers]) {
      storage.putBlob(repository, source.blob(repository, digest) ?? Buffer.alloc(0));
    }
    return { source, target, storage, image };
  }

  test('a redirect of a blob to plain HTTP is refused, and the error names the setting that allows it', async () => {
    const { source, target, storage } = await sourceWithPlainStorage();
    const hosts = new Map([[source.host, { ca: cert }]]);

    const copying = copyImage(clientFor([target, storage], { hosts }), requestFor(source, [target]));

    await expect(copying).rejects.toThrow(`hosts.${source.host}.allowHttpBlobRedirects in ferry.yaml allows it`);
    expect(storage.requests).toEqual([]);
  });

  test('an allowed redirect to plain HTTP is followed without authorization', async () => {
    const { source, target, storage, image } = await sourceWithPlainStorage();
    const hosts = new Map([[source.host, { ca: cert, allowHttpBlobRedirects: true }]]);

    const report = await copyImage(clientFor([target, storage], { hosts }), requestFor(source, [target]));

    expect(report.failures).toEqual([]);
    expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
    expect(storage.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  test('wrong bytes from plain HTTP are refused, whatever the setting', async () => {
    const { source, target, storage, image } = await sourceWithPlainStorage();
    const hosts = new Map([[source.host, { ca: cert, allowHttpBlobRedirects: true }]]);
    storage.blobs.set(`${repository}@${image.layers[0]}`, randomBytes(2000));

    const copying = copyImage(clientFor([target, storage], { hosts }), requestFor(source, [target]));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt' });
    expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
  });

  test('a manifest that is redirected to plain HTTP is refused, even if blobs may be', async () => {
    const { source, target, storage } = await sourceWithPlainStorage();
    const hosts = new Map([[source.host, { ca: cert, allowHttpBlobRedirects: true }]]);
    source.when('GET', /manifests/, ({ path, response }) =>
      answer(response, 307, { location: `${storage.url}${path}` }),
    );

    const copying = copyImage(clientFor([target, storage], { hosts }), requestFor(source, [target]));

    await expect(copying).rejects.toThrow(/redirects from TLS to .*, which has none/);
  });
});
