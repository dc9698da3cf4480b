import { describe, expect, test } from 'vitest';

import { imageKinds } from '../../../test/support/image-kinds.js';
import {
  describe as descriptor,
  placeImage,
  placeIndex,
  placeManifest,
} from '../../../test/support/scripted-images.js';
import { answer, answerError, readAll } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import { clientFor, repository, requestFor, sourceAndTarget, targetAt } from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import type { RegistryClient } from '../src/registry-client.js';

const putManifest = /\/manifests\//;

function repo(registry: ScriptedRegistry, kind: string): void {
  const found = imageKinds.find(({ name }) => name === kind);
  if (found === undefined) throw new Error(`no such kind of image: ${kind}`);
  found.repo(registry, repository);
}

/** The first request with this method, by its position among all requests. */
function firstOf({ requests }: ScriptedRegistry, method: string, path: RegExp): number {
  return requests.findIndex((seen) => seen.method === method && path.test(seen.path));
}

async function copyTo(
  client: RegistryClient,
  [source, target]: readonly [ScriptedRegistry, ScriptedRegistry],
  targetRepository = 'mirror/app',
): Promise<CopyReport> {
  return copyImage(client, requestFor(source, [], { targets: [targetAt(target, { repository: targetRepository })] }));
}

/** Accepts every manifest, with and without its blobs. */
function takeAnything(registry: ScriptedRegistry): void {
  registry.when('PUT', putManifest, async ({ request, response, path }) => {
    const [, name = '', reference = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(path) ?? [];
    const mediaType = request.headers['content-type'] ?? '';
    const bytes = await readAll(request);
    answer(response, 201, { 'docker-content-digest': registry.putManifest(name, reference, { mediaType, bytes }) });
  });
}

describe('a kind of manifest that not every registry accepts', () => {
  test('a special kind of manifest is probed before any blob is sent, and a refusal is reported then', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, 'Helm chart');
    target.when('PUT', putManifest, ({ response }) =>
      answerError(response, 403, 'DENIED', 'unknown manifest class for application/vnd.cncf.helm.config.v1+json'),
    );

    const { failures, sourceDigest } = await copyTo(clientFor([source, target]), [source, target]);

    expect(failures).toMatchObject([{ failure: { code: 'manifest-refused', decision: 'block' } }]);
    expect(failures[0]?.failure.message).toContain(`PUT manifest like ${sourceDigest}`);
    expect(target.count('POST', /uploads/)).toBe(0);
    expect(source.count('GET', /blobs/)).toBe(0);
  });

  test('a special kind of manifest is probed before the layers of the other images are sent, though it has no layers', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const empty = descriptor('application/vnd.oci.empty.v1+json', Buffer.from('{}'));
    source.putBlob(repository, Buffer.from('{}'));
    const content = { schemaVersion: 2, artifactType: 'application/vnd.example.note', config: empty, layers: [empty] };
    const note = placeManifest(source, repository, { tag: 'note', mediaType: image.mediaType, content });
    placeIndex(source, repository, [image, note]);
    target.when('PUT', putManifest, ({ response }) =>
      answerError(response, 403, 'DENIED', 'unknown manifest class for application/vnd.oci.empty.v1+json'),
    );

    const { failures } = await copyTo(clientFor([source, target]), [source, target]);

    expect(failures).toMatchObject([{ failure: { code: 'manifest-refused', decision: 'block' } }]);
    expect(target.count('POST', /uploads/)).toBe(0);
    expect(source.count('GET', /blobs/)).toBe(0);
  });

  test('a special kind of manifest is probed once, with a manifest that belongs to no image and is deleted', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, 'Helm chart');
    takeAnything(target);
    const client = clientFor([source, target]);

    const [report] = [await copyTo(client, [source, target]), await copyTo(client, [source, target], 'other/app')];

    expect(report.failures).toEqual([]);
    const asked = target.requests.filter(({ method, path }) => method === 'PUT' && /manifests\/sha256/.test(path));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.path).not.toContain(report.sourceDigest);
    expect(target.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([
      asked[0]?.path,
    ]);
    // The image's own manifest is pushed after its blobs.
    expect(firstOf(target, 'PUT', /manifests\/v1/)).toBeGreaterThan(firstOf(target, 'PUT', /uploads/));
  });

  test('a refused kind of manifest is probed again by the next copy: the registry may be configured to accept it meanwhile', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, 'artifact');
    const refuse = ({ response }: Exchange): void => answer(response, 415);
    target.when('PUT', putManifest, refuse, 1);
    const client = clientFor([source, target]);

    const [first, second] = [await copyTo(client, [source, target]), await copyTo(client, [source, target])];

    expect(first.failures).toMatchObject([{ failure: { code: 'manifest-refused' } }]);
    expect(second.failures).toEqual([]);
  });

  test.each([
    ['calls a manifest without its blobs invalid', 400, 'MANIFEST_INVALID'],
    ['does not know the repository yet', 404, 'NAME_UNKNOWN'],
    ['says no more than no', 403, 'DENIED'],
    ['is in trouble', 500, 'UNKNOWN'],
  ])('a special kind of manifest is pushed to a registry that %s: the push decides', async (_, status, code) => {
    const [source, target] = await sourceAndTarget();
    repo(source, 'Helm chart');
    target.when('PUT', /manifests\/sha256/, ({ response }) => answerError(response, status, code, 'no'));

    const { failures } = await copyTo(clientFor([source, target]), [source, target]);

    expect(failures).toEqual([]);
    expect(target.manifest('mirror/app', 'v1')).toBeDefined();
  });

  test('an ordinary image causes no probe', async () => {
    for (const kind of ['OCI index', 'schema 2 list', 'attestation as image', 'zstd layers']) {
      const [source, target] = await sourceAndTarget();
      repo(source, kind);

      const { failures } = await copyTo(clientFor([source, target]), [source, target]);

      expect(failures).toEqual([]);
      expect(firstOf(target, 'PUT', putManifest), kind).toBeGreaterThan(firstOf(target, 'PUT', /uploads/));
      expect(target.count('DELETE', /./)).toBe(0);
    }
  });
});

describe('layers with external URLs', () => {
  test('an image with external layers is refused before any other layer is sent', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, 'foreign layer');
    // Like distribution: reports every blob that it lacks, and with them the layer whose URL it does not allow.
    target.when('PUT', putManifest, async ({ request, response }) => {
      const { config, layers } = JSON.parse((await readAll(request)).toString()) as Record<string, object>;
      const errors = [config, layers].flat().map((detail) => ({ code: 'MANIFEST_BLOB_UNKNOWN', message: '', detail }));
      answer(response, 400, {}, Buffer.from(JSON.stringify({ errors })));
    });

    const { failures } = await copyTo(clientFor([source, target]), [source, target]);

    expect(failures).toMatchObject([{ failure: { code: 'manifest-refused', decision: 'block' } }]);
    expect(failures[0]?.failure.message).toContain('validation.manifests.urls.allow');
    expect(target.count('POST', /uploads/)).toBe(0);
  });
});
