import { configBlob } from './blobs/image-blobs.js';
import type { CopyRequest } from './copy-types.js';
import { RegistryError } from './errors.js';
import { ManifestReader } from './manifests/manifest-reader.js';
import { isEmptyConfig } from './manifests/media-types.js';
import type { Digest } from './oci/digest.js';
import { printPlatform } from './oci/platform.js';
import { PlatformMissing, composeTag } from './oci/tag-composition.js';
import type { TagContents } from './oci/tag-contents.js';
import { readConfigs } from './prepare-copy.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { sourceRepo } from './resolve-source.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * hasSameContent checks if a target's tag holds the images that its source has at `sourceDigest`, for the wanted
 * platforms. It compares their digests, or their configs if a Docker daemon has packed the layers again. It reads the
 * source's manifests only if the digests alone do not answer the question.
 *
 * @throws RegistryError of either side
 */
export async function hasSameContent(
  client: RegistryClient,
  request: Pick<CopyRequest, 'source' | 'platforms'> & { readonly sourceDigest: Digest },
  { repo, contents }: { readonly repo: RepositoryRef; readonly contents: TagContents },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const { sourceDigest } = request;
  if (contents.digest === sourceDigest) return true;
  const signal = sharedSignal(options.signal);
  return await client.bodies.forImage(`${request.source.host}/${request.source.path}`, signal, async (budget) => {
    const bounds = { holders: new Map(), budget, signal };
    const source = new ManifestReader(client, sourceRepo(request), { root: sourceDigest, ...bounds });
    const target = new ManifestReader(client, repo, { root: contents.digest, ...bounds });
    return await areSame(request, source, { reader: target, contents });
  });
}

async function areSame(
  request: Pick<CopyRequest, 'source' | 'platforms'> & { readonly sourceDigest: Digest },
  source: ManifestReader,
  { reader: target, contents }: { readonly reader: ManifestReader; readonly contents: TagContents },
): Promise<boolean> {
  const { sourceDigest, platforms: selection } = request;
  const root = await source.read(sourceDigest);
  const configs = await readConfigs(source, root, request);
  const composed = compose();
  if (composed === undefined) return false;
  if (composed.root.digest === contents.digest) return true;
  const wanted = composed.platforms.length > 0 ? composed.platforms : [{ platform: '', digest: composed.root.digest }];
  for (const { platform, digest } of wanted) {
    const there = contents.images.filter((image) => nameOf(image.platform) === platform);
    if (there.some((image) => image.digest === digest)) continue;
    const config = await configOf(source, digest);
    const configs = await Promise.all(there.map(async (image) => await configOf(target, image.digest)));
    if (config === undefined || !configs.includes(config)) return false;
  }
  return true;

  function compose() {
    const image = `${request.source.host}/${request.source.path}`;
    try {
      return composeTag({ image, target: '', source: root.manifest, ...configs, selection, policy: 'keep' });
    } catch (error) {
      // The source does not offer the platform any more: the target has something else.
      if (error instanceof PlatformMissing) return undefined;
      throw error;
    }
  }
}

function nameOf(platform: TagContents['images'][number]['platform']): string {
  return platform === undefined ? '' : printPlatform(platform);
}

async function configOf(reader: ManifestReader, digest: Digest): Promise<Digest | undefined> {
  const { manifest } = await reader.read(digest);
  if (manifest.kind !== 'image') return undefined;
  try {
    const config = configBlob(manifest.json, reader.nameOf(digest));
    // All artifacts without a config have the same one.
    return config === undefined || isEmptyConfig(config.mediaType) ? undefined : config.digest;
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}
