import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import {
  describe as descriptor,
  mediaTypes,
  placeImage,
  placeIndex,
  placeManifest,
} from '../../../test/support/scripted-images.js';
import type { PlacedManifest } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
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
import type { Platform } from '../src/oci/platform.js';
import { planCopy } from '../src/plan-copy.js';
import { surveyCopy } from '../src/survey-copy.js';

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64' };
const docker = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

interface Parts {
  readonly config: string;
  readonly configType?: string;
  readonly form?: 'docker' | 'oci';
  readonly tag?: string;
  readonly more?: object;
}

/** A single image with this config, of these types. */
function repo(
  source: ScriptedRegistry,
  { config: text, configType, form = 'oci', tag = 'v1', more }: Parts,
): PlacedManifest {
  const [config, layer] = [Buffer.from(text), randomBytes(500)];
  for (const blob of [config, layer]) source.putBlob(repository, blob);
  const types = form === 'docker' ? docker : mediaTypes;
  return placeManifest(source, repository, {
    tag,
    mediaType: types.manifest,
    content: {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: descriptor(configType ?? types.config, config),
      layers: [descriptor(types.layer, layer)],
      ...more,
    },
  });
}

describe('a single image whose config does not declare its platform', () => {
  test.each<[string, Parts, string]>([
    ['names no architecture', { config: '{"os":"linux"}' }, 'its config declares linux and no architecture'],
    ['names an empty one', { config: '{"os":"linux","architecture":""}', form: 'docker' }, 'no architecture'],
    ['names nothing', { config: '{}' }, 'its config declares no platform'],
    ['is not JSON', { config: 'plain text' }, 'its config is not JSON'],
    ['has no bytes', { config: '' }, 'its config is not JSON'],
    ['is of an unknown type, and not JSON', { config: 'x', configType: 'application/octet-stream' }, 'octet-stream'],
    ['is a chart’s', { config: '{"name":"app"}', configType: 'application/vnd.cncf.helm.config.v1+json' }, 'helm'],
    [
      'is an artifact’s',
      { config: '{}', configType: 'application/vnd.oci.empty.v1+json', more: { artifactType: 'application/x.model' } },
      'it is an artifact of the type application/x.model',
    ],
    ['is not there at all', { config: '{}', more: { config: null } }, 'it has no config that could name a platform'],
  ])(
    'an image whose config %s is copied as it is for the one wanted platform, with a note',
    async (_what, parts, said) => {
      const [source, target] = await sourceAndTarget();
      const image = repo(source, parts);
      const client = clientFor([source, target]);
      const request = requestFor(source, [target], { platforms: [amd64] });

      const survey = await surveyCopy(client, request);
      const report = await copyImage(client, request);
      const again = await planCopy(client, request);

      expect(report).toMatchObject({ failures: [], missingPlatforms: [], targets: [{ digest: image.digest }] });
      expect(target.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
      const notes = [survey.plan.targets[0], report.targets[0], again.targets[0]].map((one) => one?.note);
      expect(new Set(notes).size).toBe(1);
      expect(notes[0]).toContain(said);
      expect(notes[0]).toContain('it is copied unchanged, for linux/amd64');
    },
  );

  test.each(['docker', 'oci'] as const)('a config of an unknown media type is read all the same (%s)', async (form) => {
    const [source, target] = await sourceAndTarget();
    const configType = 'application/octet-stream';
    repo(source, { config: '{"os":"linux","architecture":"amd64"}', configType, form });
    const client = clientFor([source, target]);

    const report = await copyImage(client, requestFor(source, [target], { platforms: [amd64] }));
    const wrong = planCopy(client, requestFor(source, [target], { platforms: [arm64] }));

    expect(report.targets[0]).toMatchObject({
      platforms: [{ platform: 'linux/amd64' }],
      note: expect.stringContaining('octet-stream, which is not the type of an image config) declares linux/amd64'),
    });
    await expect(wrong).rejects.toMatchObject({ code: 'platform-missing' });
  });

  test('a config that declares another system belongs to another platform', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, { config: '{"os":"windows"}' });

    const planning = planCopy(clientFor([source, target]), requestFor(source, [target], { platforms: [amd64] }));

    await expect(planning).rejects.toMatchObject({ code: 'platform-missing', decision: 'block' });
    await expect(planning).rejects.toThrow('its config declares windows and no architecture');
  });

  test('an ordinary image, or a copy of all platforms, has no note', async () => {
    const [source, target] = await sourceAndTarget();
    repo(source, { config: '{}', tag: 'open' });
    placeImage(source, repository);
    const client = clientFor([source, target]);
    const open = { host: source.host, path: repository, tag: 'open' };

    const ordinary = await planCopy(client, requestFor(source, [target], { platforms: [amd64] }));
    const all = await planCopy(client, requestFor(source, [target], { source: open }));

    expect([ordinary.targets[0], all.targets[0]].map((plan) => plan?.note)).toEqual([undefined, undefined]);
  });

  test('a note is repeated when the next check needs only two HEADs', async () => {
    const [source, target] = await sourceAndTarget();
    const { digest } = repo(source, { config: '{}' });
    const client = clientFor([source, target]);
    const request = { platforms: [amd64] };
    const report = await copyImage(client, requestFor(source, [target], request));
    const [copied] = report.targets;
    if (copied === undefined) throw new Error('nothing was copied');
    const { mediaType, platforms, note, dropped } = copied;
    const known = {
      recipe: 'linux/amd64 keep',
      sourceDigest: report.sourceDigest,
      digest: copied.digest,
      mediaType,
      platforms,
      dropped,
      missingPlatforms: [],
      ...(note === undefined ? {} : { note }),
    };

    const settled = await planCopy(
      client,
      requestFor(source, [], { ...request, targets: [targetAt(target, { known })] }),
    );

    expect(settled.targets[0]).toMatchObject({ alreadyThere: true, digest, note });
    expect(note).toContain('no platform');
  });

  test('a config that the source does not have makes an image broken, not one without a platform', async () => {
    const [source, target] = await sourceAndTarget();
    const image = placeImage(source, repository);
    source.blobs.delete(`${repository}@${image.config}`);

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target], { platforms: [amd64] }));

    await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
    await expect(copying).rejects.toThrow(`names the config ${image.config}, but it is not there`);
  });
});

describe('a part of an index that the source no longer has', () => {
  /** An index of two platforms, their attestations, and an entry that belongs to no platform. */
  function placeWhole(source: ScriptedRegistry) {
    const attestationOf = (subject: PlacedManifest, tag: string) => ({
      ...repo(source, { config: '{}', configType: 'application/vnd.oci.empty.v1+json', tag }),
      fields: {
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: {
          'vnd.docker.reference.type': 'attestation-manifest',
          'vnd.docker.reference.digest': subject.digest,
        },
      },
    });
    const first = placeImage(source, repository, { tag: 'a' });
    const second = placeImage(source, repository, { tag: 'b', architecture: 'arm64', layers: [randomBytes(100)] });
    const parts = {
      first,
      second,
      aboutFirst: attestationOf(first, 'about-a'),
      aboutSecond: attestationOf(second, 'about-b'),
      nameless: {
        ...repo(source, { config: '{"name":"files"}', configType: 'application/x.files', tag: 'c' }),
        fields: {},
      },
    };
    return { ...parts, index: placeIndex(source, repository, Object.values(parts)) };
  }

  test.each<[string, 'second' | 'aboutFirst' | 'aboutSecond' | 'nameless']>([
    ['another platform', 'second'],
    ['its own attestation', 'aboutFirst'],
    ['another’s attestation', 'aboutSecond'],
    ['what belongs to no platform', 'nameless'],
  ])('one platform of an index is copied even if the source lacks %s', async (_what, gone) => {
    const [source, target] = await sourceAndTarget();
    const placed = placeWhole(source);
    source.manifests.delete(`${repository}@${placed[gone].digest}`);

    const report = await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms: [amd64] }));

    expect(report).toMatchObject({ failures: [], targets: [{ digest: placed.first.digest }] });
  });

  test('a missing entry that belongs to no platform is left out of several platforms, and named', async () => {
    const [source, target] = await sourceAndTarget();
    const { nameless } = placeWhole(source);
    source.manifests.delete(`${repository}@${nameless.digest}`);

    const report = await copyImage(
      clientFor([source, target]),
      requestFor(source, [target], { platforms: [amd64, arm64] }),
    );

    expect(report.targets[0]?.dropped).toEqual([
      {
        digest: nameless.digest,
        reason: expect.stringContaining('it has no platform and cannot be read from the source'),
      },
    ]);
  });

  test.each<[string, 'second' | 'aboutFirst', readonly Platform[] | 'all']>([
    ['a platform, of all', 'second', 'all'],
    ['a platform that is wanted', 'second', [amd64, arm64]],
    ['the attestation of what is wanted', 'aboutFirst', [amd64, arm64]],
  ])(
    'an index without %s is broken, and the error names the part and the workaround',
    async (_what, gone, platforms) => {
      const [source, target] = await sourceAndTarget();
      const placed = placeWhole(source);
      source.manifests.delete(`${repository}@${placed[gone].digest}`);

      const copying = copyImage(clientFor([source, target]), requestFor(source, [target], { platforms }));

      await expect(copying).rejects.toMatchObject({ code: 'source-corrupt', decision: 'block' });
      await expect(copying).rejects.toThrow(placed[gone].digest);
      await expect(copying).rejects.toThrow(/when they are chosen by name \(it also lists linux\/amd64/);
      expect(target.manifest(targetRepository, 'v1')).toBeUndefined();
    },
  );

  test('a missing attestation is left out for a target that refuses its form', async () => {
    const [source, target] = await sourceAndTarget();
    const { aboutFirst, aboutSecond } = placeWhole(source);
    source.manifests.delete(`${repository}@${aboutFirst.digest}`);
    const targets = [targetAt(target, { manifestPolicy: 'drop' })];

    const report = await copyImage(
      clientFor([source, target]),
      requestFor(source, [], { targets, platforms: [amd64, arm64] }),
    );

    expect(report.failures).toEqual([]);
    const dropped = new Map(report.targets[0]?.dropped.map(({ digest, reason }) => [digest, reason]));
    expect(dropped.get(aboutFirst.digest as never)).toContain('cannot be read from the source');
    expect(dropped.get(aboutSecond.digest as never)).toContain('which target target-1 refuses');
  });

  test('an entry that belongs to no platform is not requested if the index names the wanted platform', async () => {
    const [source, target] = await sourceAndTarget();
    const { nameless } = placeWhole(source);

    await copyImage(clientFor([source, target]), requestFor(source, [target], { platforms: [amd64] }));

    expect(source.count('GET', new RegExp(nameless.digest))).toBe(0);
  });

  test('a part that is denied, not missing, stops the copy with that reason', async () => {
    const [source, target] = await sourceAndTarget();
    const { nameless } = placeWhole(source);
    source.when('GET', new RegExp(`manifests/${nameless.digest}`), ({ response }) => answer(response, 403));
    const platforms = [amd64, arm64];

    const copying = copyImage(clientFor([source, target]), requestFor(source, [target], { platforms }));

    await expect(copying).rejects.toMatchObject({ code: 'denied', side: 'source' });
  });
});
