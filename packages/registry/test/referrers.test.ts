import { describe, expect, test } from 'vitest';

import {
  describe as descriptor,
  mediaTypes,
  placeImage,
  placeIndex,
  placeManifest,
} from '../../../test/support/scripted-images.js';
import type { PlacedManifest } from '../../../test/support/scripted-images.js';
import { answer, sha256 } from '../../../test/support/scripted-registry.js';
import type { ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  repository,
  requestFor,
  sourceAndTarget,
  targetAt,
  targetRepository,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyRequest, CopyTarget } from '../src/copy-types.js';
import { planCopy } from '../src/plan-copy.js';

const signatureType = 'application/vnd.example.signature';

/** A small artifact that refers to another manifest. Only the test uses its tag. */
function placeReferrer(registry: ScriptedRegistry, subject: PlacedManifest, name: string): PlacedManifest {
  const [config, layer] = [Buffer.from('{}'), Buffer.from(`about ${subject.digest} by ${name}`)];
  for (const blob of [config, layer]) registry.putBlob(repository, blob);
  return placeManifest(registry, repository, {
    tag: name,
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: signatureType,
      config: descriptor('application/vnd.oci.empty.v1+json', config),
      layers: [descriptor('application/octet-stream', layer)],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.bytes.length },
      annotations: { name },
    },
  });
}

/** Lists referrers in the way of registries without the Referrers API. */
function placeReferrersTag(
  registry: ScriptedRegistry,
  subject: PlacedManifest,
  referrers: readonly PlacedManifest[],
): void {
  placeIndex(registry, repository, referrers, subject.digest.replace(':', '-'));
}

function following(source: ScriptedRegistry, target: ScriptedRegistry, changes: Partial<CopyTarget> = {}): CopyRequest {
  return requestFor(source, [], { targets: [targetAt(target, { referrers: true, ...changes })] });
}

function listedAt(target: ScriptedRegistry, subject: PlacedManifest): readonly Record<string, unknown>[] {
  const tag = target.manifest(targetRepository, subject.digest.replace(':', '-'));
  return tag === undefined
    ? []
    : (JSON.parse(tag.bytes.toString()) as { manifests: Record<string, unknown>[] }).manifests;
}

describe('referrers', () => {
  test('referrers are not copied unless the settings say so', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 10;
    const image = placeImage(source, repository);
    const signature = placeReferrer(source, image, 'signature');

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target]));

    expect(report.targets[0]).toHaveProperty('referrers', undefined);
    expect(source.count('GET', /referrers/)).toBe(0);
    expect(target.manifest(targetRepository, signature.digest)).toBeUndefined();
  });

  test('referrers are copied with the image and each platform, over all pages, and with their own referrers', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 2;
    target.referrersAPage = 2;
    const amd64 = placeImage(source, repository, { tag: 'amd64' });
    const index = placeIndex(source, repository, [amd64]);
    const ofIndex = ['a', 'b', 'c', 'd', 'e'].map((name) => placeReferrer(source, index, name));
    const ofPlatform = placeReferrer(source, amd64, 'sbom');
    const ofSbom = placeReferrer(source, ofPlatform, 'signature-of-sbom');

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.failures).toEqual([]);
    expect(report.targets[0]?.referrers).toBe(7);
    for (const { digest, bytes } of [...ofIndex, ofPlatform, ofSbom]) {
      expect(target.manifest(targetRepository, digest)?.bytes).toEqual(bytes);
    }
    expect(listedAt(target, index)).toEqual([]);
  });

  test('referrers are pushed after their subject and before the tag', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 10;
    target.referrersAPage = 10;
    const image = placeImage(source, repository);
    const sbom = placeReferrer(source, image, 'sbom');
    const signature = placeReferrer(source, sbom, 'signature');

    await copyImage(clientFor([source, target]), following(source, target));

    const puts = target.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
    // The first request only probes if manifests of their form are accepted.
    expect(puts.slice(1).map(({ path }) => path.slice(path.lastIndexOf('/') + 1))).toEqual([
      image.digest,
      sbom.digest,
      signature.digest,
      'v1',
    ]);
  });

  test('referrers are listed under the fallback tag if the registry does not list them itself', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const [first, second] = [placeReferrer(source, image, 'first'), placeReferrer(source, image, 'second')];
    placeReferrersTag(source, image, [first, second]);

    await copyImage(clientFor([source, target]), following(source, target));

    expect(listedAt(target, image)).toEqual([
      {
        mediaType: mediaTypes.manifest,
        digest: first.digest,
        size: first.bytes.length,
        artifactType: signatureType,
        annotations: { name: 'first' },
      },
      expect.objectContaining({ digest: second.digest }),
    ]);
  });

  test("referrers are added to the fallback tag's list, also when another writer changes it meanwhile", async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    placeReferrersTag(source, image, [placeReferrer(source, image, 'ours')]);
    await copyImage(clientFor([source, target]), requestFor(source, [target]));
    const foreign = { mediaType: mediaTypes.manifest, digest: image.digest, size: 1, annotations: { name: 'foreign' } };
    const tag = image.digest.replace(':', '-');
    const list = (manifests: readonly object[]): Buffer => Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
    // Another writer pushes its list right after ours, based on an older read.
    target.when(
      'PUT',
      new RegExp(`manifests/${tag}`),
      async ({ ordinary }) => {
        await ordinary();
        target.putManifest(targetRepository, tag, { mediaType: mediaTypes.index, bytes: list([foreign]) });
      },
      1,
    );

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.failures).toEqual([]);
    expect(listedAt(target, image).map(({ annotations }) => annotations)).toEqual([
      { name: 'foreign' },
      { name: 'ours' },
    ]);
  });

  test('the referrers of two concurrent images are all listed', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.putManifest(repository, 'v2', { mediaType: image.mediaType, bytes: image.bytes });
    placeReferrersTag(source, image, [placeReferrer(source, image, 'a'), placeReferrer(source, image, 'b')]);
    const client = clientFor([source, target]);

    const reports = await Promise.all([
      copyImage(client, following(source, target)),
      copyImage(client, following(source, target, { tag: 'v2' })),
    ]);

    expect(reports.map(({ failures }) => failures)).toEqual([[], []]);
    expect(listedAt(target, image)).toHaveLength(2);
  });

  test('new referrers make a finished image incomplete again, and cost no layer', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 10;
    target.referrersAPage = 10;
    const image = placeImage(source, repository);
    await copyImage(clientFor([source, target]), following(source, target));
    const before = await planCopy(clientFor([source, target]), following(source, target));
    const late = placeReferrer(source, image, 'late');

    const report = await copyImage(clientFor([source, target]), following(source, target));
    const after = await planCopy(clientFor([source, target]), following(source, target));

    expect([before.targets[0]?.alreadyThere, after.targets[0]?.alreadyThere]).toEqual([true, true]);
    expect(report.targets[0]).toMatchObject({ outcome: 'copied', referrers: 1, uploadedBlobs: 2 });
    expect(target.manifest(targetRepository, late.digest)).toBeDefined();
  });

  test("referrers under cosign's tags are copied to the same tags", async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const signature = placeImage(source, repository, { tag: `${image.digest.replace(':', '-')}.sig` });

    const report = await copyImage(clientFor([source, target]), following(source, target));
    const again = await planCopy(clientFor([source, target]), following(source, target));

    expect(report.targets[0]).toMatchObject({ referrers: 1 });
    const found = target.manifest(targetRepository, `${image.digest.replace(':', '-')}.sig`);
    expect(found?.bytes).toEqual(signature.bytes);
    expect(again.targets[0]?.alreadyThere).toBe(true);
  });

  test('referrers that the source lists but no longer has are named, and the image is copied without them', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const gone = placeReferrer(source, image, 'gone');
    placeReferrersTag(source, image, [gone]);
    source.manifests.delete(`${repository}@${gone.digest}`);

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.targets[0]).toMatchObject({ outcome: 'copied', referrers: 0 });
    expect(report.targets[0]?.dropped).toEqual([
      { digest: gone.digest, reason: expect.stringContaining('cannot be read at the source') },
    ]);
  });

  test('endless chains of referrers are followed four levels deep, and the rest is reported', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 10;
    target.referrersAPage = 10;
    let last: PlacedManifest = placeImage(source, repository);
    const chain = Array.from({ length: 6 }, (_, n) => (last = placeReferrer(source, last, `level-${n + 1}`)));

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.targets[0]?.referrers).toBe(4);
    expect(report.targets[0]?.dropped.map(({ digest }) => digest)).toEqual([chain[4]?.digest]);
  });

  test('referrers beyond two hundred are not copied, and are reported in one entry with the reason', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 300;
    const image = placeImage(source, repository);
    for (let n = 0; n < 203; n++) placeReferrer(source, image, `r${n}`);

    const plan = await planCopy(clientFor([source, target]), following(source, target));

    expect(plan.targets[0]?.referrers).toBe(200);
    expect(plan.targets[0]?.dropped.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^it and 2 more refer to/),
    ]);
  });

  test('an endless list of referrers is given up', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository);
    let page = 0;
    source.when('GET', /referrers/, ({ response }) =>
      answer(response, 200, { link: `<?last=${page++}>; rel="next"` }, Buffer.from('{"manifests":[]}')),
    );

    const planning = planCopy(clientFor([source, target]), following(source, target));

    await expect(planning).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
  });

  test.each([
    ['bytes', 1, 3_000_000],
    ['entries', 3_000, 0],
  ])(
    'a list of referrers with more %s than the limit is given up, however many pages are left',
    async (unit, entries, padding) => {
      const [source, target] = await sourceAndTarget();
      placeImage(source, repository);
      let page = 0;
      source.when('GET', /referrers/, ({ response }) => {
        const start = page++ * entries;
        const manifests = Array.from({ length: entries }, (_, n) => ({ digest: sha256(Buffer.from(`${start + n}`)) }));
        const body = JSON.stringify({ manifests, annotations: { padding: 'x'.repeat(padding) } });
        answer(response, 200, { link: `<?last=${page}>; rel="next"` }, Buffer.from(body));
      });

      const planning = planCopy(clientFor([source, target]), following(source, target));

      await expect(planning).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
      await expect(planning).rejects.toThrow(new RegExp(`no end after \\d+ ${unit}`));
      expect(source.count('GET', /referrers/)).toBeLessThan(10);
    },
  );

  test('the referrers lists of an image with many parts share one limit', async () => {
    const [source, target] = await sourceAndTarget();
    const children = Array.from({ length: 8 }, (_, n) =>
      placeImage(source, repository, { tag: `part-${n}`, architecture: `cpu${n}`, layers: [Buffer.from(`${n}`)] }),
    );
    placeIndex(source, repository, children);
    const manifests = Array.from({ length: 9_000 }, (_, n) => ({ digest: sha256(Buffer.from(String(n))) }));
    source.when('GET', /referrers/, ({ response }) =>
      answer(response, 200, {}, Buffer.from(JSON.stringify({ manifests }))),
    );

    const planning = planCopy(clientFor([source, target]), following(source, target));

    await expect(planning).rejects.toThrow(/no end after 50000 entries for the whole image/);
  });

  test('of thousands of listed referrers only a few are requested, and the rest is reported in one line', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    const listed = Array.from({ length: 5_000 }, (_, n) => ({ digest: sha256(Buffer.from(String(n))) }));
    source.when('GET', /referrers/, ({ response }) =>
      answer(response, 200, {}, Buffer.from(JSON.stringify({ manifests: listed }))),
    );

    const report = await copyImage(clientFor([source, target]), following(source, target));

    const dropped = report.targets[0]?.dropped ?? [];
    expect(dropped).toHaveLength(201);
    expect(dropped.at(-1)).toEqual({
      digest: listed[200]?.digest,
      reason: `it and 4799 more refer to ${image.digest}, but only 200 referrers go with an image`,
    });
    expect(source.count('GET', /manifests/)).toBeLessThan(250);
  });

  test.each([
    ['drop', 0],
    ['keep', 1],
  ] as const)(
    'of referrers in a form that the target refuses, policy %s copies %i',
    async (manifestPolicy, referrers) => {
      const [source, target] = await sourceAndTarget();
      source.referrersAPage = 10;
      target.referrersAPage = 10;
      const signature = placeReferrer(source, placeImage(source, repository), 'signature');

      const report = await copyImage(clientFor([source, target]), following(source, target, { manifestPolicy }));

      expect(report.targets[0]).toMatchObject({ outcome: 'copied', referrers });
      expect(report.targets[0]?.dropped.map(({ digest }) => digest)).toEqual(referrers === 0 ? [signature.digest] : []);
    },
  );

  test('referrers in a form that the target refuses stop the image with policy fail, before a layer moves', async () => {
    const [source, target] = await sourceAndTarget();
    source.referrersAPage = 10;
    placeReferrer(source, placeImage(source, repository), 'signature');

    const report = await copyImage(clientFor([source, target]), following(source, target, { manifestPolicy: 'fail' }));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'manifest-policy', decision: 'block' });
    expect(target.count('POST', /uploads/)).toBe(0);
  });

  test('referrers are added to a fallback tag whose list is null, as some tools leave an empty one', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    placeReferrersTag(source, image, [placeReferrer(source, image, 'ours')]);
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: null }));
    target.putManifest(targetRepository, image.digest.replace(':', '-'), { mediaType: mediaTypes.index, bytes });

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.failures).toEqual([]);
    expect(listedAt(target, image)).toHaveLength(1);
  });

  test('a fallback tag that holds something else is not overwritten', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    placeReferrersTag(source, image, [placeReferrer(source, image, 'ours')]);
    const bytes = Buffer.from('{"schemaVersion":2,"config":{}}');
    target.putManifest(targetRepository, image.digest.replace(':', '-'), { mediaType: mediaTypes.manifest, bytes });

    const report = await copyImage(clientFor([source, target]), following(source, target));

    expect(report.failures[0]?.failure).toMatchObject({ code: 'target-corrupt', decision: 'block' });
    expect(target.manifest(targetRepository, image.digest.replace(':', '-'))?.bytes).toEqual(bytes);
  });
});
