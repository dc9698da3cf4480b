import { blobOf, makeLayer, sha256 } from './make-blob.js';
import type { MadeBlob } from './make-blob.js';

const docker = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  index: 'application/vnd.docker.distribution.manifest.list.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

const oci = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

const mediaTypes = { docker, oci } as const;

export type ImageFormat = keyof typeof mediaTypes;

export interface MadeManifest {
  readonly mediaType: string;
  readonly digest: `sha256:${string}`;
  readonly bytes: Buffer;
  /** Config and layers; none for an index. */
  readonly blobs: readonly MadeBlob[];
  /** Manifests that an index references; none for an image. */
  readonly children: readonly MadeManifest[];
  /** `os/architecture[/variant]`, '' for an index; an attestation has `unknown/unknown`. */
  readonly platform: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface NamedLayer {
  readonly name: string;
  readonly bytes: number;
}

export interface ImageOptions {
  /** Names the content: two images with one name and the same sizes have the same layers. */
  readonly name: string;
  /** Bytes of the file in each layer. One with a name of its own is the same layer in every image that has it. */
  readonly layers: readonly (number | NamedLayer)[];
  /** Default `linux/amd64`. */
  readonly platform?: string;
  /** `docker`: schema 2; default `oci`. */
  readonly format?: ImageFormat;
}

/** A real image: configuration, gzip layers, manifest. */
export async function makeImage(options: ImageOptions): Promise<MadeManifest> {
  const { name, platform = 'linux/amd64', format = 'oci' } = options;
  const types = mediaTypes[format];
  const layers = await Promise.all(
    options.layers.map((layer, n) => {
      if (typeof layer === 'object') return makeLayer(layer.name, layer.bytes);
      return makeLayer(`${name}-${platform}-${n}`.replaceAll('/', '-'), layer);
    }),
  );
  const [os, architecture, variant] = platform.split('/');
  const config = blobOf(
    json({
      created: '2026-01-01T00:00:00Z',
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config: { Labels: { name } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, n) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${n} of ${name}` })),
    }),
  );
  return manifestOf({
    mediaType: types.manifest,
    platform,
    blobs: [config, ...layers],
    content: {
      config: describeBlob(types.config, config),
      layers: layers.map((layer) => describeBlob(types.layer, layer)),
    },
  });
}

/**
 * What a builder says about how it made `subject`. `image`: with an ordinary image configuration, as builders did
 * until 2026; `artifact`: with the empty configuration, as they do since, and as some registries refuse.
 */
export function makeAttestation(subject: MadeManifest, form: 'image' | 'artifact'): MadeManifest {
  const statement = blobOf(json({ _type: 'https://in-toto.io/Statement/v0.1', subject: [{ digest: subject.digest }] }));
  const config = blobOf(
    form === 'artifact'
      ? json({})
      : json({
          architecture: 'unknown',
          os: 'unknown',
          config: {},
          rootfs: { type: 'layers', diff_ids: [statement.digest] },
        }),
  );
  const layer = {
    ...describeBlob('application/vnd.in-toto+json', statement),
    annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
  };
  const content =
    form === 'image'
      ? { config: describeBlob(oci.config, config), layers: [layer] }
      : {
          artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
          config: { ...describeBlob('application/vnd.oci.empty.v1+json', config), data: 'e30=' },
          layers: [layer],
          subject: describeManifest(subject),
        };
  return manifestOf({
    mediaType: oci.manifest,
    platform: 'unknown/unknown',
    blobs: [config, statement],
    content,
    annotations: {
      'vnd.docker.reference.digest': subject.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  });
}

/** An index over images and attestations, in the order given. */
export function makeIndex(
  children: readonly MadeManifest[],
  {
    format = 'oci',
    annotations,
  }: { readonly format?: ImageFormat; readonly annotations?: Readonly<Record<string, string>> } = {},
): MadeManifest {
  return manifestOf({
    mediaType: mediaTypes[format].index,
    platform: '',
    blobs: [],
    children,
    content: {
      manifests: children.map((child) => ({
        ...describeManifest(child),
        ...(child.platform === '' ? {} : { platform: platformObject(child.platform) }),
        ...(child.annotations === undefined ? {} : { annotations: child.annotations }),
      })),
      ...(annotations === undefined ? {} : { annotations }),
    },
  });
}

/** Every blob that a manifest references, each once. */
export function blobsOf(manifest: MadeManifest): readonly MadeBlob[] {
  const all = [...manifest.blobs, ...manifest.children.flatMap(blobsOf)];
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

function manifestOf(made: {
  readonly mediaType: string;
  readonly platform: string;
  readonly blobs: readonly MadeBlob[];
  readonly children?: readonly MadeManifest[];
  readonly content: object;
  readonly annotations?: Readonly<Record<string, string>>;
}): MadeManifest {
  const { mediaType, platform, blobs, children = [], content, annotations } = made;
  const bytes = json({ schemaVersion: 2, mediaType, ...content });
  return {
    mediaType,
    platform,
    blobs,
    children,
    bytes,
    digest: sha256(bytes),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function describeBlob(mediaType: string, { digest, size }: MadeBlob): object {
  return { mediaType, digest, size };
}

function describeManifest({ mediaType, digest, bytes }: MadeManifest): object {
  return { mediaType, digest, size: bytes.length };
}

function platformObject(platform: string): object {
  const [os, architecture, variant] = platform.split('/');
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

/** Indented as builders print it: a copy that serialized the JSON again would not keep the digest. */
function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value, null, 2));
}
