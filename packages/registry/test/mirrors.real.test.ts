import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { startRegistry } from '../../../test/support/registry-server.js';
import type { RegistryServer } from '../../../test/support/registry-server.js';
import { blobsOf, makeImage, pushBlob, pushImage, readManifest } from '../../../test/support/test-images.js';
import type { MadeManifest } from '../../../test/support/test-images.js';
import type { MirrorSettings } from '../src/client-options.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyReport } from '../src/copy-types.js';
import type { RegistryError } from '../src/errors.js';
import { parseImageReference } from '../src/oci/image-reference.js';
import { createRegistryClient } from '../src/registry-client.js';

const account = { user: 'reader', password: 'of the mirror' };
const project = 'proxies/hub';

let origin: RegistryServer;
let mirror: RegistryServer;
/** Another registry than the origin, because blobs would be mounted within one. */
let target: RegistryServer;
let image: MadeManifest;
let older: MadeManifest;

beforeAll(async () => {
  [origin, mirror, target] = await Promise.all([
    startRegistry({ kind: 'docker-registry' }),
    startRegistry({ kind: 'distribution', htpasswd: account }),
    startRegistry({ kind: 'docker-registry' }),
  ]);
  image = await makeImage({ name: 'new', layers: [200_000, 10] });
  older = await makeImage({ name: 'old', layers: [100_000] });
});

afterAll(() => Promise.all([origin, mirror, target].map((server) => server.stop())));

/** Copies `repository` of the origin to the target through these mirrors. */
async function copyBy(
  repository: string,
  mirrors: readonly Partial<MirrorSettings>[] = [{}],
): Promise<{ readonly report: CopyReport; readonly faults: readonly RegistryError[] }> {
  const faults: RegistryError[] = [];
  const client = createRegistryClient({
    credentials: (host) =>
      Promise.resolve(host === mirror.host ? { username: account.user, password: account.password } : undefined),
    hosts: new Map([
      [
        origin.host,
        { mirrors: mirrors.map((one) => ({ host: mirror.host, prefix: project, resolvesTags: false, ...one })) },
      ],
      [mirror.host, {}],
      [target.host, {}],
      ['127.0.0.1:9', { scheme: 'http' }],
    ]),
    onMirrorFault: (fault) => faults.push(fault),
  });
  onTestFinished(() => client.close());
  const report = await copyImage(client, {
    source: parseImageReference(`${origin.host}/${repository}:v1`),
    platforms: 'all',
    targets: [
      { name: 'copy', host: target.host, repository: `copies/${repository}`, tag: 'v1', manifestPolicy: 'keep' },
    ],
  });
  return { report, faults };
}

/** The requests that the server got for a repository, without its 401 challenges. */
async function readsOf(server: RegistryServer, repository: string): Promise<readonly string[]> {
  const start = `/v2/${repository}/`;
  return (await server.requests())
    .filter(({ path, status }) => path.startsWith(start) && status < 300)
    .map(({ method, path }) => `${method} ${path.slice(start.length).replace(/\/.*/, '')}`);
}

async function copiedDigest(repository: string): Promise<string | undefined> {
  return (await readManifest(target, `copies/${repository}`, 'v1'))?.digest;
}

test('a mirror that has everything serves it with its own account, and the origin only resolves the tag', async () => {
  await pushImage(origin, { image, repository: 'all', tag: 'v1' });
  await pushImage(mirror, { image, repository: `${project}/all`, tag: 'v1' });
  const before = await readsOf(origin, 'all');

  const { report, faults } = await copyBy('all');

  expect([report.failures, faults]).toEqual([[], []]);
  expect(await copiedDigest('all')).toBe(image.digest);
  expect((await readsOf(origin, 'all')).slice(before.length)).toEqual(['HEAD manifests']);
  expect((await readsOf(mirror, `${project}/all`)).filter((read) => read === 'GET blobs')).toHaveLength(3);
});

test('an unreachable mirror is reported once, and the origin is used', async () => {
  await pushImage(origin, { image, repository: 'down', tag: 'v1' });

  const { report, faults } = await copyBy('down', [{ host: '127.0.0.1:9' }]);

  expect(report.failures).toEqual([]);
  expect(faults.map(({ code }) => code)).toEqual(['unreachable']);
  expect(await copiedDigest('down')).toBe(image.digest);
});

test('the next mirror or the origin serves a blob or an image that a mirror lacks', async () => {
  await pushImage(origin, { image, repository: 'part', tag: 'v1' });
  const [, largest] = blobsOf(image);
  if (largest === undefined) throw new Error('the image has layers');
  await pushBlob(mirror, `${project}/part`, largest);

  const { report, faults } = await copyBy('part', [{ prefix: 'nothing/here' }, {}]);

  expect([report.failures, faults]).toEqual([[], []]);
  expect(await readsOf(mirror, `${project}/part`)).toContain('GET blobs');
  expect(await copiedDigest('part')).toBe(image.digest);
});

test.each([
  ['is not asked what a tag is', false],
  ['is taken at its word where the configuration says so', true],
])('a mirror with an older tag %s', async (_what, resolvesTags) => {
  const repository = `stale-${String(resolvesTags)}`;
  await pushImage(origin, { image, repository, tag: 'v1' });
  await pushImage(mirror, { image: older, repository: `${project}/${repository}`, tag: 'v1' });

  const { report } = await copyBy(repository, [{ resolvesTags }]);

  expect(report.failures).toEqual([]);
  expect(await copiedDigest(repository)).toBe((resolvesTags ? older : image).digest);
});

test('a tag that a trusted mirror does not have is resolved at the origin', async () => {
  await pushImage(origin, { image, repository: 'new-tag', tag: 'v1' });

  const { report } = await copyBy('new-tag', [{ resolvesTags: true }]);

  expect(report.failures).toEqual([]);
});
