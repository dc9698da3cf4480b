import { blobOf, sha256 } from '../../demo/make-blob.js';
import type { MadeBlob } from '../../demo/make-blob.js';
import type { MadeManifest } from '../../demo/make-images.js';

/** An image of a few kilobytes with a configuration and a layer that no other one has. */
export interface TinyImage extends MadeManifest {
  readonly repository: string;
  readonly tag: string;
  /** With their bytes: they are small. */
  readonly blobs: readonly (MadeBlob & { readonly bytes: Buffer })[];
}

const tagsPerRepository = 20;
const layerBytes = 2048;
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Names of the same length for every number: the rows of one image are those of another with other letters. */
export function tinyImageNumber(n: number, prefix = 'app', bytesOfLayer?: number): TinyImage {
  const digits = (value: number): string => String(value).padStart(6, '0');
  return tinyImage(`scale/${prefix}-${digits(Math.floor(n / tagsPerRepository))}`, `v${digits(n)}`, bytesOfLayer);
}

/** The same bytes for the same name in every process, so that a server can make them when it is asked. */
export function tinyImage(repository: string, tag: string, bytesOfLayer = layerBytes): TinyImage {
  const name = `${repository}:${tag}`;
  const layer = withBytes(randomBytes(name, bytesOfLayer));
  const config = withBytes(
    json({
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: { name } },
      rootfs: { type: 'layers', diff_ids: [] },
    }),
  );
  const describe = (mediaType: string, { digest, size }: MadeBlob): object => ({ mediaType, digest, size });
  const bytes = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe('application/vnd.oci.image.config.v1+json', config),
    layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  return {
    repository,
    tag,
    mediaType: manifestType,
    digest: sha256(bytes),
    bytes,
    blobs: [config, layer],
    children: [],
    platform: 'linux/amd64',
  };
}

function withBytes(bytes: Buffer): MadeBlob & { readonly bytes: Buffer } {
  return { ...blobOf(bytes), bytes };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function randomBytes(name: string, length: number): Buffer {
  const seed = Buffer.from(sha256(Buffer.from(name)).slice('sha256:'.length), 'hex');
  return Buffer.alloc(length, seed);
}
