import { sha256 } from './make-blob.js';
import type { MadeBlob } from './make-blob.js';
import { blobsOf } from './make-images.js';
import type { MadeManifest } from './make-images.js';
import { registryRequest } from './registry-request.js';
import type { RegistryAddress } from './registry-request.js';

const everyManifestType = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Pushes an image, with everything that it references, to a repository of a registry. The tag is set last. */
export async function pushImage(
  registry: RegistryAddress,
  { image, repository, tag }: { readonly image: MadeManifest; readonly repository: string; readonly tag: string },
): Promise<void> {
  for (const blob of blobsOf(image)) await pushBlob(registry, repository, blob);
  await pushManifest(registry, repository, { manifest: image, reference: tag });
}

export async function pushBlob(registry: RegistryAddress, repository: string, blob: MadeBlob): Promise<void> {
  const path = `/v2/${repository}/blobs/${blob.digest}`;
  const { status } = await registryRequest(registry, { method: 'HEAD', path, expected: [200, 404] });
  if (status === 200) return;
  const start = `/v2/${repository}/blobs/uploads/`;
  const { headers } = await registryRequest(registry, { method: 'POST', path: start, expected: [202] });
  const upload = new URL(headers.location ?? start, registry.url);
  upload.searchParams.set('digest', blob.digest);
  await registryRequest(registry, {
    method: 'PUT',
    path: upload.href,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: blob.open(),
    expected: [201],
  });
}

async function pushManifest(
  registry: RegistryAddress,
  repository: string,
  { manifest, reference }: { readonly manifest: MadeManifest; readonly reference: string },
): Promise<void> {
  for (const child of manifest.children) {
    await pushManifest(registry, repository, { manifest: child, reference: child.digest });
  }
  await registryRequest(registry, {
    method: 'PUT',
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    expected: [201],
  });
}

export interface ReadManifest {
  readonly bytes: Buffer;
  readonly digest: `sha256:${string}`;
  readonly mediaType: string;
}

/** A manifest as the registry has it, its digest computed here; nothing where there is none. */
export async function readManifest(
  registry: RegistryAddress,
  repository: string,
  reference: string,
): Promise<ReadManifest | undefined> {
  const { status, headers, body } = await registryRequest(registry, {
    method: 'GET',
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: everyManifestType },
    expected: [200, 404],
  });
  if (status === 404) return undefined;
  return { bytes: body, digest: sha256(body), mediaType: headers['content-type'] ?? '' };
}

/** Whether a registry has a blob whole in this repository. */
export async function hasBlob(registry: RegistryAddress, repository: string, digest: string): Promise<boolean> {
  const path = `/v2/${repository}/blobs/${digest}`;
  const { status } = await registryRequest(registry, { method: 'HEAD', path, expected: [200, 404] });
  return status === 200;
}
