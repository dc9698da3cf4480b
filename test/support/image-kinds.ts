import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { describe as descriptor, mediaTypes, placeIndex, placeManifest } from './scripted-images.js';
import type { PlacedManifest } from './scripted-images.js';
import type { ScriptedRegistry } from './scripted-registry.js';

const docker = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;
const emptyType = 'application/vnd.oci.empty.v1+json';

interface Kind {
  readonly name: string;
  /** skopeo cannot read it, or would change it during the copy. */
  readonly notBySkopeo?: true;
  /** Pushes it to a repository under the tag `v1`. */
  repo(registry: ScriptedRegistry, repository: string): PlacedManifest;
}

/** Every form of image that is published in practice, as small as possible. */
export const imageKinds: readonly Kind[] = [
  { name: 'schema 2', repo: (registry, repository) => placeDocker(registry, repository, 'v1') },
  { name: 'schema 2 list', repo: placeDockerList },
  { name: 'OCI image', repo: (registry, repository) => placeOci(registry, repository) },
  { name: 'OCI index', repo: (registry, repository) => placeIndexOf(registry, repository, []) },
  { name: 'nested index', repo: placeNested, notBySkopeo: true },
  { name: 'attestation as image', repo: (registry, repository) => placeAttested(registry, repository, 'image') },
  { name: 'attestation as artifact', repo: (registry, repository) => placeAttested(registry, repository, 'artifact') },
  { name: 'Helm chart', repo: placeChart },
  { name: 'artifact', repo: placeArtifact },
  { name: 'zstd layers', repo: placeZstd },
  { name: 'empty layer', repo: placeEmptyLayer },
  { name: '0-byte blob', repo: placeNoBytes, notBySkopeo: true },
  { name: 'foreign layer', repo: placeForeign },
  { name: '127 layers', repo: placeManyLayers },
  { name: 'layer of 200 KB', repo: placeLarge },
  { name: 'sha512 layer', repo: placeSha512, notBySkopeo: true },
  { name: 'OCI image sent as Docker’s', repo: placeMislabelled, notBySkopeo: true },
  { name: 'OCI index sent as Docker’s', repo: placeMislabelledIndex, notBySkopeo: true },
  { name: 'Docker image sent as OCI’s', repo: placeDockerAsOci, notBySkopeo: true },
  { name: 'Docker image without a type', repo: placeTypeless, notBySkopeo: true },
  { name: 'config of no image type', repo: placeUnknownConfig },
  { name: 'index of nothing', repo: placeEmptyIndex, notBySkopeo: true },
  { name: 'sparse index', repo: placeSparse, notBySkopeo: true },
];

interface ImageParts {
  readonly tag?: string;
  readonly config?: object;
  readonly layers?: readonly object[];
}

function blob(registry: ScriptedRegistry, repository: string, mediaType: string, bytes: Buffer): object {
  registry.putBlob(repository, bytes);
  return descriptor(mediaType, bytes);
}

/** Contents differ by name, so that no kind finds the blobs of another. */
function text(repository: string, what: string): Buffer {
  return gzipSync(Buffer.from(`${what} of ${repository}`));
}

function imageConfig(architecture: string): Buffer {
  return Buffer.from(JSON.stringify({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] } }));
}

function placeDocker(
  registry: ScriptedRegistry,
  repository: string,
  tag: string,
  parts: ImageParts = {},
): PlacedManifest {
  return placeManifest(registry, repository, {
    tag,
    mediaType: docker.manifest,
    content: {
      schemaVersion: 2,
      mediaType: docker.manifest,
      config: blob(registry, repository, docker.config, imageConfig('amd64')),
      layers: parts.layers ?? [blob(registry, repository, docker.layer, text(repository, 'layer'))],
    },
  });
}

function placeDockerList(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const child = placeDocker(registry, repository, 'amd64');
  const platform = { os: 'linux', architecture: 'amd64' };
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: docker.index,
    content: {
      schemaVersion: 2,
      mediaType: docker.index,
      manifests: [{ mediaType: docker.manifest, digest: child.digest, size: child.bytes.length, platform }],
    },
  });
}

function placeOci(
  registry: ScriptedRegistry,
  repository: string,
  { tag = 'v1', layers, config }: ImageParts = {},
): PlacedManifest {
  return placeManifest(registry, repository, {
    tag,
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: config ?? blob(registry, repository, mediaTypes.config, imageConfig('amd64')),
      layers: layers ?? [blob(registry, repository, mediaTypes.layer, text(repository, tag))],
    },
  });
}

function placeIndexOf(
  registry: ScriptedRegistry,
  repository: string,
  more: readonly (PlacedManifest & { readonly fields?: object })[],
): PlacedManifest {
  const amd64 = {
    ...placeOci(registry, repository, { tag: 'amd64' }),
    platform: { os: 'linux', architecture: 'amd64' },
  };
  const config = blob(registry, repository, mediaTypes.config, imageConfig('arm64'));
  const arm64 = {
    ...placeOci(registry, repository, { tag: 'arm64', config }),
    platform: { os: 'linux', architecture: 'arm64' },
  };
  return placeIndex(registry, repository, [amd64, arm64, ...more]);
}

function placeNested(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const inner = placeIndexOf(registry, repository, []);
  return placeIndex(registry, repository, [inner]);
}

function placeAttested(registry: ScriptedRegistry, repository: string, form: 'image' | 'artifact'): PlacedManifest {
  const subject = placeOci(registry, repository, { tag: 'amd64' });
  const config =
    form === 'image'
      ? blob(registry, repository, mediaTypes.config, Buffer.from('{"os":"unknown","architecture":"unknown"}'))
      : blob(registry, repository, emptyType, Buffer.from('{}'));
  const statement = blob(registry, repository, 'application/vnd.in-toto+json', Buffer.from(`{"of":"${repository}"}`));
  const attestation = placeManifest(registry, repository, {
    tag: 'attestation',
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      ...(form === 'image' ? {} : { artifactType: 'application/vnd.docker.attestation.manifest.v1+json' }),
      config,
      layers: [statement],
    },
  });
  const fields = {
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': subject.digest,
    },
  };
  return placeIndexOf(registry, repository, [{ ...attestation, fields }]);
}

function placeChart(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const config = blob(
    registry,
    repository,
    'application/vnd.cncf.helm.config.v1+json',
    Buffer.from('{"name":"chart"}'),
  );
  const chart = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
  return placeOci(registry, repository, {
    config,
    layers: [blob(registry, repository, chart, text(repository, 'chart'))],
  });
}

function placeArtifact(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: 'application/vnd.example.model',
      config: { ...blob(registry, repository, emptyType, Buffer.from('{}')), data: 'e30=' },
      layers: [blob(registry, repository, 'application/octet-stream', text(repository, 'weights'))],
    },
  });
}

function placeZstd(registry: ScriptedRegistry, repository: string): PlacedManifest {
  // The magic number of zstd and a frame without content. Nothing decompresses it during the copy.
  const frame = Buffer.from('28b52ffd2000010000', 'hex');
  return placeOci(registry, repository, {
    layers: [blob(registry, repository, 'application/vnd.oci.image.layer.v1.tar+zstd', frame)],
  });
}

function placeEmptyLayer(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const empty = blob(registry, repository, docker.layer, gzipSync(Buffer.alloc(1024)));
  return placeDocker(registry, repository, 'v1', { layers: [empty, empty, empty] });
}

function placeNoBytes(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeOci(registry, repository, {
    layers: [blob(registry, repository, 'application/vnd.oci.image.layer.v1.tar', Buffer.alloc(0))],
  });
}

function placeForeign(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const foreign = {
    ...descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', Buffer.from('elsewhere')),
    urls: ['https://layers.example.com/base'],
  };
  const own = blob(registry, repository, docker.layer, text(repository, 'own layer'));
  return placeDocker(registry, repository, 'v1', { layers: [foreign, own] });
}

function placeManyLayers(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const layers = Array.from({ length: 127 }, (_, n) =>
    blob(registry, repository, mediaTypes.layer, text(repository, `layer ${n}`)),
  );
  return placeOci(registry, repository, { layers });
}

function placeLarge(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeOci(registry, repository, {
    layers: [2_000, 200_000, 50_000].map((bytes) => blob(registry, repository, mediaTypes.layer, randomBytes(bytes))),
  });
}

function placeSha512(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const layer = text(repository, 'layer');
  const digest = `sha512:${createHash('sha512').update(layer).digest('hex')}`;
  registry.blobs.set(`${repository}@${digest}`, layer);
  return placeOci(registry, repository, { layers: [{ mediaType: mediaTypes.layer, digest, size: layer.length }] });
}

/** One of its platforms was never pushed. */
function placeSparse(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const gone = { mediaType: mediaTypes.manifest, digest: `sha256:${'5'.repeat(64)}`, bytes: Buffer.from('gone') };
  return placeIndexOf(registry, repository, [gone]);
}

/** As Nexus sends what OCI's tools pushed: the body has no media type, and the Content-Type is Docker's. */
function placeMislabelled(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: docker.manifest,
    content: {
      schemaVersion: 2,
      config: blob(registry, repository, mediaTypes.config, imageConfig('amd64')),
      layers: [blob(registry, repository, mediaTypes.layer, text(repository, 'layer'))],
    },
  });
}

function placeMislabelledIndex(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const child = placeMislabelled(registry, repository);
  const platform = { os: 'linux', architecture: 'amd64' };
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: docker.index,
    content: {
      schemaVersion: 2,
      manifests: [{ mediaType: mediaTypes.manifest, digest: child.digest, size: child.bytes.length, platform }],
    },
  });
}

function placeDockerAsOci(registry: ScriptedRegistry, repository: string): PlacedManifest {
  const placed = placeDocker(registry, repository, 'v1');
  registry.putManifest(repository, 'v1', { mediaType: mediaTypes.manifest, bytes: placed.bytes });
  return placed;
}

/** Docker's form requires a media type, so a registry can accept it only as OCI's. */
function placeTypeless(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: docker.manifest,
    content: {
      schemaVersion: 2,
      config: blob(registry, repository, docker.config, imageConfig('amd64')),
      layers: [blob(registry, repository, docker.layer, text(repository, 'layer'))],
    },
  });
}

/** As the first images of schema 2 were pushed. */
function placeUnknownConfig(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: docker.manifest,
    content: {
      schemaVersion: 2,
      mediaType: docker.manifest,
      config: blob(registry, repository, 'application/octet-stream', imageConfig('amd64')),
      layers: [blob(registry, repository, docker.layer, text(repository, 'layer'))],
    },
  });
}

function placeEmptyIndex(registry: ScriptedRegistry, repository: string): PlacedManifest {
  return placeManifest(registry, repository, {
    tag: 'v1',
    mediaType: mediaTypes.index,
    content: { schemaVersion: 2, mediaType: mediaTypes.index, manifests: null },
  });
}
