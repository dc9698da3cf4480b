import { describe, expect, test } from 'vitest';

import { isArtifactManifest, readSourceManifest, UnsupportedManifest } from '../../src/oci/source-manifest.js';
import type { SourceManifest } from '../../src/oci/source-manifest.js';

const digest = `sha256:${'a'.repeat(64)}` as const;
const childDigest = `sha256:${'b'.repeat(64)}`;
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
const orasArtifact = 'application/vnd.cncf.oras.artifact.manifest.v1+json';
const ociArtifact = 'application/vnd.oci.artifact.manifest.v1+json';
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: childDigest, size: 2 };
const child = { mediaType: ociManifest, digest: childDigest, size: 500 };

function read(body: unknown, contentType = ''): SourceManifest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readSourceManifest({ name: 'ghcr.io/a/b@sha256:aaa', digest, contentType, size: text.length, text });
}

describe('the kind of a manifest', () => {
  test('an index is parsed with all of its entries', () => {
    const entry = {
      ...child,
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      annotations: { note: 'x', odd: 1 },
      'x-field': [1],
    };

    const index = read({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }, ociIndex);

    expect(index).toMatchObject({ kind: 'index', digest, mediaType: ociIndex });
    expect(index.kind === 'index' && index.children).toStrictEqual([
      {
        digest: childDigest,
        mediaType: ociManifest,
        size: 500,
        platform: { os: 'linux', architecture: 'arm64' },
        annotations: { note: 'x' },
        json: entry,
      },
    ]);
  });

  test.each([
    ['Content-Type with parameters', { config, layers: [] }, `${ociManifest}; charset=utf-8`, ociManifest],
    ['the body where the answer is unspecific', { mediaType: dockerList, manifests: [] }, 'text/plain', dockerList],
    ['the shape of an index where neither says', { manifests: [] }, 'application/json', ociIndex],
    ['the shape of an image where neither says', { config, layers: [] }, '', ociManifest],
    ['a body without one, sent as Docker’s image', { config, layers: [] }, dockerManifest, ociManifest],
    ['a body without one, sent as Docker’s list', { manifests: [child] }, dockerList, ociIndex],
    ['an image that was sent as an index', { config, layers: [] }, ociIndex, ociManifest],
    ['an index that was sent as an image', { manifests: [child] }, dockerManifest, ociIndex],
    ['a body that was sent as schema 1', { config, layers: [] }, schema1, ociManifest],
    ['a body that was sent as bytes', { config, layers: [] }, 'application/octet-stream', ociManifest],
    ['Docker’s body that was sent as OCI’s', { mediaType: dockerList, manifests: [] }, ociIndex, dockerList],
    ['OCI’s body that was sent as Docker’s', { mediaType: ociIndex, manifests: [] }, dockerList, ociIndex],
    ['a body whose own is null', { mediaType: null, manifests: [] }, dockerList, ociIndex],
    ['a body whose own is empty', { mediaType: '', config, layers: [] }, dockerManifest, ociManifest],
    ['an artifact of blobs, sent as ORAS’', { blobs: [] }, orasArtifact, orasArtifact],
    ['an artifact of blobs, sent as Docker’s image', { blobs: [] }, dockerManifest, ociArtifact],
  ])('the media type of a manifest comes from %s', (_where, body, contentType, expected) => {
    expect(read(body, contentType).mediaType).toBe(expected);
  });

  test.each([
    ['null', { schemaVersion: 2, mediaType: ociIndex, manifests: null }],
    ['no list at all', { schemaVersion: 2, mediaType: dockerList }],
    ['null, whatever it is called', { schemaVersion: 2, manifests: null }],
  ])('an empty index may be written with %s', (_how, body) => {
    expect(read(body)).toMatchObject({ kind: 'index', children: [] });
    expect(isArtifactManifest(body)).toBe(false);
  });

  test('an image with an empty list of manifests is an image', () => {
    expect(read({ config, layers: [], manifests: null }).kind).toBe('image');
  });

  test.each([
    ['what is not JSON', '<html>', '', 'not JSON'],
    ['what is no object', '[]', '', 'expected a JSON object'],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, schema1, 'schema 1'],
    ['schema 1 that was sent as JSON', { schemaVersion: 1, fsLayers: [] }, 'application/json', 'schema 1'],
    ['an index and an image at once', { manifests: [], config, layers: [] }, ociIndex, 'at once'],
    [
      'an image that calls itself an index',
      { mediaType: ociIndex, config, layers: [] },
      '',
      'is an image by its content',
    ],
    ['an index that calls itself an image', { mediaType: dockerManifest, manifests: [] }, '', 'but its mediaType is'],
    ['a media type that is not text', { mediaType: 7, manifests: [] }, '', 'not text'],
    ['neither', { schemaVersion: 2 }, ociManifest, 'neither an image'],
    ['a child without a digest', { manifests: [{ ...child, digest: 'md5:1' }] }, ociIndex, 'entry 0 has no sha256'],
    ['a child without a size', { manifests: [child, { ...child, size: '5' }] }, ociIndex, 'entry 1 has no size'],
    ['a child without a media type', { manifests: [{ ...child, mediaType: undefined }] }, ociIndex, 'no media type'],
    ['a child that is no object', { manifests: ['x'] }, ociIndex, 'not a descriptor'],
  ])('%s is refused with the name of the manifest', (_what, body, contentType, reason) => {
    const refused = (): unknown => read(body, contentType);

    expect(refused).toThrow(UnsupportedManifest);
    expect(refused).toThrow(reason);
    expect(refused).toThrow('ghcr.io/a/b@sha256:aaa');
  });
});

describe('manifests that registries for images refuse', () => {
  test.each([
    ['an OCI image', { config }, false],
    ['a Docker image', { config: { mediaType: 'application/vnd.docker.container.image.v1+json' } }, false],
    ['an index', { manifests: [] }, false],
    ['an attestation in the old form', { config, layers: [{ mediaType: 'application/vnd.in-toto+json' }] }, false],
    [
      'an attestation in artifact form',
      {
        artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
        config: { mediaType: 'application/vnd.oci.empty.v1+json' },
      },
      true,
    ],
    ['a Helm chart', { config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' } }, true],
    ['an artifact without a config', { blobs: [] }, true],
  ])('whether %s is an artifact: %s', (_what, json, expected) => {
    expect(isArtifactManifest(json)).toBe(expected);
  });
});
