import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { platform } from '../../../../test/domain/arbitraries.js';
import { platformIn } from '../../src/oci/config-platform.js';
import type { Digest } from '../../src/oci/digest.js';
import { ManifestRefusedByPolicy } from '../../src/oci/manifest-policy.js';
import { parsePlatform, parsePlatformSelection, platformMatches, printPlatform } from '../../src/oci/platform.js';
import type { Platform } from '../../src/oci/platform.js';
import { readSourceManifest } from '../../src/oci/source-manifest.js';
import type { SourceManifest } from '../../src/oci/source-manifest.js';
import { composeTag, PlatformMissing } from '../../src/oci/tag-composition.js';
import type { CompositionRequest, TagComposition } from '../../src/oci/tag-composition.js';

const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

interface Entry {
  readonly name: string;
  readonly platform?: string;
  readonly about?: string;
  readonly artifactType?: string;
}

function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function indexOf(entries: readonly Entry[]): SourceManifest & { readonly kind: 'index' } {
  const manifests = entries.map(({ name, platform: text, about, artifactType }) => {
    const parsed = text === undefined ? undefined : parsePlatform(text);
    const unknown = about === undefined ? undefined : { architecture: 'unknown', os: 'unknown' };
    return {
      mediaType: ociManifest,
      digest: digestOf(name),
      size: 100,
      ...(about === undefined
        ? {}
        : {
            annotations: {
              'vnd.docker.reference.digest': digestOf(about),
              'vnd.docker.reference.type': 'attestation-manifest',
            },
          }),
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(parsed === undefined ? {} : { platform: { ...parsed, 'os.version': parsed.osVersion } }),
      ...(unknown === undefined ? {} : { platform: unknown }),
    };
  });
  const text = JSON.stringify(
    { schemaVersion: 2, mediaType: ociIndex, 'x-before': { z: 1, a: 2 }, manifests, annotations: { made: 'here' } },
    null,
    3,
  );
  const manifest = readSourceManifest({
    name: 'ghcr.io/a/b',
    digest: digestOf(text),
    contentType: ociIndex,
    size: text.length,
    text,
  });
  if (manifest.kind !== 'index') throw new Error('the test made something else than an index');
  return manifest;
}

const multiArch = indexOf([
  { name: 'amd64', platform: 'linux/amd64' },
  { name: 'arm64', platform: 'linux/arm64' },
  { name: 's390x', platform: 'linux/s390x' },
  { name: 'attest-amd64', about: 'amd64' },
  { name: 'attest-arm64', about: 'arm64' },
  { name: 'attest-s390x', about: 's390x' },
]);

function compose(
  source: SourceManifest,
  selection: string | readonly Platform[],
  settings: Partial<CompositionRequest> = {},
): TagComposition {
  return composeTag({
    image: 'ghcr.io/a/b:1',
    target: 'aliyun',
    source,
    selection: typeof selection === 'string' ? parsePlatformSelection(selection) : selection,
    policy: 'keep',
    ...settings,
  });
}

function digests(composition: TagComposition): readonly string[] {
  return composition.children.map(({ digest }) => digest);
}

describe('the content of a tag', () => {
  test('the selection "all" copies the source’s index byte for byte with every manifest', () => {
    const composed = compose(multiArch, 'all');

    expect(composed.root).toEqual({ kind: 'source', digest: multiArch.digest, mediaType: ociIndex });
    expect(composed.children).toEqual(multiArch.children);
    expect(composed.platforms.map((copy) => copy.platform)).toEqual(['linux/amd64', 'linux/arm64', 'linux/s390x']);
  });

  test('a single platform is copied as its manifest, without an index', () => {
    const composed = compose(multiArch, 'linux/arm64/v8');

    expect(composed.root).toEqual({ kind: 'child', digest: digestOf('arm64'), mediaType: ociManifest, size: 100 });
    expect(composed.children).toEqual([]);
    expect(composed.platforms).toEqual([{ platform: 'linux/arm64', digest: digestOf('arm64') }]);
  });

  test('several platforms become an index of exactly those and their attestations, in the source’s order, with all its other fields', () => {
    const composed = compose(multiArch, 'linux/s390x,linux/amd64');

    const expected = ['amd64', 's390x', 'attest-amd64', 'attest-s390x'].map(digestOf);
    expect(digests(composed)).toEqual(expected);
    if (composed.root.kind !== 'index') throw new Error(`expected an index, got ${composed.root.kind}`);
    const json = JSON.parse(composed.root.json) as { readonly manifests: readonly { readonly digest: string }[] };
    expect(Object.keys(json)).toEqual(['schemaVersion', 'mediaType', 'x-before', 'manifests', 'annotations']);
    expect(json).toMatchObject({ mediaType: ociIndex, 'x-before': { z: 1, a: 2 }, annotations: { made: 'here' } });
    expect(json.manifests.map(({ digest }) => digest)).toEqual(expected);
    expect(composed.root).toMatchObject({
      digest: digestOf(composed.root.json),
      mediaType: ociIndex,
      size: Buffer.byteLength(composed.root.json),
    });
  });

  test('a selection of every platform copies the source’s index byte for byte', () => {
    const composed = compose(multiArch, 'linux/s390x,linux/arm64,linux/amd64');

    expect(composed.root.kind).toBe('source');
  });

  test('platforms that the source does not offer are noted, and the others are copied', () => {
    const composed = compose(multiArch, 'linux/riscv64,linux/amd64');

    expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('amd64') });
    expect(composed.missing).toEqual(['linux/riscv64']);
    expect(composed.offered).toEqual(['linux/amd64', 'linux/arm64', 'linux/s390x']);
  });

  test('an image without any wanted platform is blocked, listing the platforms of the source', () => {
    const composed = (): unknown => compose(multiArch, 'linux/riscv64,windows/amd64');

    expect(composed).toThrow(PlatformMissing);
    expect(composed).toThrow(
      'ghcr.io/a/b:1 is not published for linux/riscv64, windows/amd64; it offers linux/amd64, linux/arm64, linux/s390x',
    );
    expect(composed).toThrow(expect.objectContaining({ code: 'platform-missing', decision: 'block' }));
  });

  test('an empty selection of platforms is an error, not an empty copy', () => {
    expect(() => compose(multiArch, [])).toThrow('no platform is selected');
  });

  test('all Windows versions that match one wanted platform are copied', () => {
    const source = indexOf([
      { name: 'linux', platform: 'linux/amd64' },
      { name: 'win2019', platform: 'windows(10.0.17763.1)/amd64' },
      { name: 'win2022', platform: 'windows(10.0.20348.1)/amd64' },
    ]);

    const anyVersion = compose(source, 'windows/amd64');
    const oneVersion = compose(source, 'windows(10.0.20348)/amd64');

    expect(anyVersion.root.kind).toBe('index');
    expect(digests(anyVersion)).toEqual(['win2019', 'win2022'].map(digestOf));
    expect(oneVersion.root).toMatchObject({ kind: 'child', digest: digestOf('win2022') });
  });

  test('one Windows version that matches two wanted platforms is not wrapped in an index', () => {
    const source = indexOf([
      { name: 'linux', platform: 'linux/amd64' },
      { name: 'win2019', platform: 'windows(10.0.17763.1)/amd64' },
    ]);

    const composed = compose(source, 'windows/amd64,windows(10.0.17763.1)/amd64');

    expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('win2019') });
  });

  test('if two manifests have one platform, the first image is used, as clients do', () => {
    const source = indexOf([
      { name: 'index-of-files', platform: 'linux/amd64', artifactType: 'application/vnd.amazon.soci.index.v2+json' },
      { name: 'gzip', platform: 'linux/amd64' },
      { name: 'zstd', platform: 'linux/amd64' },
      { name: 'arm64', platform: 'linux/arm64' },
    ]);

    const composed = compose(source, 'linux/amd64');

    expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('gzip') });
  });

  test('an artifact without a platform is kept in an index', () => {
    const source = indexOf([
      { name: 'amd64', platform: 'linux/amd64' },
      { name: 'sbom' },
      { name: 'arm64', platform: 'linux/arm64' },
      { name: 's390x', platform: 'linux/s390x' },
    ]);

    const composed = compose(source, 'linux/arm64,linux/amd64');

    expect(digests(composed)).toEqual(['amd64', 'sbom', 'arm64'].map(digestOf));
  });

  test('a manifest without a platform in the index is matched by the platform of its config', () => {
    const source = indexOf([{ name: 'plain' }]);
    const configs = new Map([[digestOf('plain'), platformIn({ os: 'linux', architecture: 'amd64' })]]);

    const composed = compose(source, 'linux/amd64', { configs });

    expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('plain') });
    expect(composed.note).toBeUndefined();
  });

  test('the only image of an index is copied with a note if neither index nor config declares its platform', () => {
    const source = indexOf([{ name: 'plain' }, { name: 'attest-plain', about: 'plain' }]);
    const configs = new Map([[digestOf('plain'), platformIn({ os: 'linux' })]]);

    const composed = compose(source, 'linux/amd64', { configs });

    expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('plain') });
    expect(composed.note).toContain('its config declares linux and no architecture');
    expect(() => compose(source, 'windows/amd64', { configs })).toThrow(PlatformMissing);
  });

  test('if an index has two images without a platform, none is chosen', () => {
    const source = indexOf([{ name: 'one' }, { name: 'other' }]);
    const configs = new Map(['one', 'other'].map((name) => [digestOf(name), platformIn({})]));

    expect(() => compose(source, 'linux/amd64', { configs })).toThrow(
      'none of its manifests has a platform: request platform "all"',
    );
  });

  test('an unreadable manifest matters only if no other manifest has the wanted platform', () => {
    const source = indexOf([
      { name: 'amd64', platform: 'linux/amd64' },
      { name: 'gone' },
      { name: 'arm64', platform: 'linux/arm64' },
    ]);
    const unreadable = new Map([[digestOf('gone'), 'it is not there']]);

    const one = compose(source, 'linux/amd64', { unreadable });
    const both = compose(source, 'linux/amd64,linux/arm64', { unreadable });

    expect(one).toMatchObject({ root: { kind: 'child', digest: digestOf('amd64') }, dropped: [] });
    expect(digests(both)).toEqual(['amd64', 'arm64'].map(digestOf));
    expect(both.dropped).toEqual([{ digest: digestOf('gone'), reason: expect.stringContaining('it is not there') }]);
    expect(() => compose(source, 'linux/s390x', { unreadable })).toThrow(
      `it offers linux/amd64, linux/arm64; its manifest ${digestOf('gone')}, which has no platform in the index, cannot be read: it is not there`,
    );
  });
});

describe('a source that is a single manifest', () => {
  const digest = digestOf('single');
  const single: SourceManifest = { kind: 'image', digest, mediaType: ociManifest, size: 7, json: {} };
  const amd64 = new Map([[digest, platformIn({ os: 'linux', architecture: 'amd64' })]]);

  test.each(['all', 'linux/amd64', 'linux/amd64,linux/arm64'])(
    'a source that is a single manifest is copied for %s',
    (selection) => {
      const composed = compose(single, selection, { configs: amd64 });

      expect(composed).toMatchObject({
        root: { kind: 'source', digest },
        children: [],
        platforms: [{ platform: 'linux/amd64', digest }],
      });
    },
  );

  test('a single manifest for another platform is blocked, and the reason contains its platform', () => {
    expect(() => compose(single, 'linux/arm64', { configs: amd64 })).toThrow('it offers linux/amd64');
  });

  test.each([
    ['no platform', {}, 'its config declares no platform'],
    ['an empty one', { os: '', architecture: ' ' }, 'its config declares no platform'],
    ['an unknown one', { os: 'unknown', architecture: 'unknown' }, 'its config declares no platform'],
    ['no architecture', { os: 'linux' }, 'its config declares linux and no architecture'],
    ['an empty architecture', { os: 'Linux', architecture: '' }, 'its config declares linux and no architecture'],
    [
      'an architecture that is no text',
      { os: 'linux', architecture: 7 },
      'its config declares linux and no architecture',
    ],
    ['no system', { architecture: 'x86_64' }, 'its config declares amd64 and no operating system'],
  ])(
    'a single manifest whose config declares %s is copied for the one wanted platform, with a note',
    (_what, config, said) => {
      const configs = new Map([[digest, platformIn(config)]]);

      const composed = compose(single, 'linux/amd64', { configs });

      expect(composed).toMatchObject({ root: { kind: 'source', digest }, platforms: [], missing: [] });
      expect(composed.note).toBe(`${said}: it is the only image, so it is copied unchanged, for linux/amd64`);
      expect(compose(single, 'all', { configs }).note).toBeUndefined();
    },
  );

  test.each([
    ['another system', { os: 'windows' }, 'linux/amd64'],
    ['another architecture', { architecture: 'arm64' }, 'linux/amd64'],
    ['another variant', { os: 'linux', architecture: 'arm', variant: 'v7' }, 'linux/arm/v6'],
    ['the default variant', { os: 'linux', architecture: 'arm64', variant: 'v8' }, 'linux/arm64/v9'],
    ['another version', { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1' }, 'windows(10.0.2)/amd64'],
  ])('a single manifest whose config declares %s is not copied', (_what, config, wanted) => {
    const configs = new Map([[digest, platformIn(config)]]);

    expect(() => compose(single, wanted, { configs })).toThrow(PlatformMissing);
  });

  test.each([
    ['variant', { os: 'linux', architecture: 'arm' }, 'linux/arm/v6'],
    ['version', { os: 'windows', architecture: 'amd64' }, 'windows(10.0.2)/amd64'],
  ])('a single manifest whose config declares no %s is copied for any, with a note', (what, config, wanted) => {
    const configs = new Map([[digest, platformIn(config)]]);

    expect(compose(single, wanted, { configs }).note).toContain(`and no ${what}`);
  });

  test('a single manifest whose config is incomplete is copied once for all platforms that it may be for', () => {
    const configs = new Map([[digest, platformIn({ os: 'linux' })]]);

    const composed = compose(single, 'linux/amd64,linux/arm64,windows/amd64', { configs });

    expect(composed).toMatchObject({ root: { kind: 'source', digest }, missing: ['windows/amd64'] });
    expect(composed.note).toContain('for one of linux/amd64, linux/arm64');
  });

  test.each(['drop', 'fail'] as const)(
    'a single manifest that the target refuses is blocked with the policy %s',
    (policy) => {
      const refusedDigests = new Set([digest]);

      expect(() => compose(single, 'all', { policy, refusedDigests })).toThrow(ManifestRefusedByPolicy);
    },
  );
});

describe('manifest policy', () => {
  const refusedDigests = new Set(['attest-amd64', 'attest-arm64', 'attest-s390x'].map(digestOf));

  test('the policy keep copies refused manifests, too', () => {
    const composed = compose(multiArch, 'all', { refusedDigests, policy: 'keep' });

    expect(composed.root.kind).toBe('source');
    expect(composed.dropped).toEqual([]);
  });

  test('the policy drop makes an index without the refused manifests, and notes each with the reason', () => {
    const composed = compose(multiArch, 'all', { refusedDigests, policy: 'drop' });

    expect(composed.root.kind).toBe('index');
    expect(digests(composed)).toEqual(['amd64', 'arm64', 's390x'].map(digestOf));
    expect(composed.dropped.map(({ digest }) => digest)).toEqual([...refusedDigests]);
    expect(composed.dropped[0]?.reason).toBe('an attestation in artifact form, which target aliyun refuses');
  });

  test('the policy drop notes only refused manifests of wanted platforms', () => {
    const composed = compose(multiArch, 'linux/amd64,linux/arm64', { refusedDigests, policy: 'drop' });

    expect(composed.dropped.map(({ digest }) => digest)).toEqual(['attest-amd64', 'attest-arm64'].map(digestOf));
  });

  test.each(['drop', 'fail'] as const)(
    'the policy %s reports nothing if a single platform is copied without its attestation',
    (policy) => {
      const composed = compose(multiArch, 'linux/amd64', { refusedDigests, policy });

      expect(composed.root).toMatchObject({ kind: 'child', digest: digestOf('amd64') });
      expect(composed.dropped).toEqual([]);
    },
  );

  test('the policy fail blocks the image, and the reason contains the target, the manifests and the setting', () => {
    const composed = (): unknown => compose(multiArch, 'all', { refusedDigests, policy: 'fail' });

    expect(composed).toThrow(ManifestRefusedByPolicy);
    expect(composed).toThrow(expect.objectContaining({ code: 'manifest-policy', decision: 'block' }));
    expect(composed).toThrow(/aliyun.*"drop"/);
    expect(composed).toThrow(digestOf('attest-amd64'));
  });

  test('the policy drop never drops the image of a platform: the image is blocked', () => {
    const refused = new Set([digestOf('amd64')]);

    expect(() => compose(multiArch, 'all', { refusedDigests: refused, policy: 'drop' })).toThrow(
      ManifestRefusedByPolicy,
    );
  });
});

describe('compositions of every source and choice', () => {
  const entries = fc
    .uniqueArray(platform, { selector: printPlatform, minLength: 1, maxLength: 6 })
    .chain((platforms) => {
      const images = platforms.map((one): Entry => ({
        name: `image ${printPlatform(one)}`,
        platform: printPlatform(one),
      }));
      const attestations = images.map((image): Entry => ({ name: `about ${image.name}`, about: image.name }));
      return fc.shuffledSubarray([...images, ...attestations, { name: 'artifact' }], { minLength: 1 });
    });
  const choice = fc.array(platform, { minLength: 1, maxLength: 5 });
  const refused = fc.func(fc.boolean());

  function attempt(request: Parameters<typeof compose>): TagComposition | undefined {
    try {
      return compose(...request);
    } catch (error) {
      if (error instanceof PlatformMissing || error instanceof ManifestRefusedByPolicy) return undefined;
      throw error;
    }
  }

  test('the same request gives the same bytes, and the order of the wanted platforms does not matter', () => {
    fc.assert(
      fc.property(entries, choice, refused, (list, selection, isRefused) => {
        const source = indexOf(list);
        const refusedDigests = new Set(
          source.children.map(({ digest }) => digest).filter((digest) => isRefused(digest)),
        );
        const settings = { policy: 'drop', refusedDigests } as const;

        const once = attempt([source, selection, settings]);
        const again = attempt([indexOf(list), selection.toReversed(), settings]);

        expect(again?.root).toEqual(once?.root);
        expect(again?.children).toEqual(once?.children);
      }),
    );
  });

  test('manifests keep the source’s order, come from the source, and have only wanted platforms', () => {
    fc.assert(
      fc.property(entries, choice, (list, selection) => {
        const source = indexOf(list);
        const composed = attempt([source, selection]);
        if (composed === undefined) return;

        const order = composed.children.map((child) => source.children.indexOf(child));
        const { root } = composed;
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        expect(order).not.toContain(-1);
        for (const copy of composed.platforms) {
          const offered = parsePlatform(copy.platform);
          expect(selection.some((wanted) => platformMatches(wanted, offered))).toBe(true);
        }
        expect(root.kind !== 'index' || root.digest === digestOf(root.json)).toBe(true);
        expect(root.kind !== 'child' || composed.platforms.length === 1).toBe(true);
      }),
    );
  });

  test('every wanted platform is either there or noted as missing', () => {
    fc.assert(
      fc.property(entries, choice, (list, selection) => {
        const composed = attempt([indexOf(list), selection]);
        if (composed === undefined) return;

        for (const wanted of selection) {
          const isThere = composed.platforms.some((copy) => platformMatches(wanted, parsePlatform(copy.platform)));
          expect(isThere).toBe(!composed.missing.includes(printPlatform(wanted)));
        }
      }),
    );
  });

  test('an index never contains the attestation of an image that it does not contain', () => {
    fc.assert(
      fc.property(entries, choice, (list, selection) => {
        const composed = attempt([indexOf(list), selection]);
        if (composed?.root.kind !== 'index') return;

        const abouts = composed.children.flatMap(({ annotations }) => annotations['vnd.docker.reference.digest'] ?? []);
        const there = digests(composed);
        expect(abouts.filter((about) => !there.includes(about))).toEqual([]);
      }),
    );
  });
});
