import type { TagContents, TaggedImage } from '../domain/tag-contents.js';
import { headManifestAt } from './manifests/manifest-exchange.js';
import { ManifestReader } from './manifests/manifest-reader.js';
import type { Place } from './place.js';
import type { RegistryClient } from './registry-client.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * What a tag of a target holds: one HEAD, and the manifest and config that name its platforms, each read once for all
 * tags that lead to the same.
 *
 * @returns undefined when the tag is not there
 * @throws FerryError
 */
export async function lookAtTag(
  client: RegistryClient,
  place: Place,
  tag: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TagContents | undefined> {
  const signal = sharedSignal(options.signal);
  const head = await headManifestAt(client, place, tag, { signal });
  if (head === undefined) return undefined;
  const reader = new ManifestReader(client, place, { root: head.digest, holders: new Map(), signal });
  const root = await reader.read(head.digest);
  if (root.manifest.kind === 'image') {
    const platform = await reader.platformOf(root);
    return { digest: head.digest, isIndex: false, images: [imageOf(head.digest, platform)] };
  }
  const images = await Promise.all(
    root.manifest.children.map(async ({ digest, platform, annotations }): Promise<readonly TaggedImage[]> => {
      if (annotations['vnd.docker.reference.type'] !== undefined) return [];
      if (platform !== undefined) return [imageOf(digest, platform)];
      const child = await reader.read(digest);
      const own = await reader.platformOf(child);
      // What names no platform in an index is no image that anybody pulls by it.
      return own === undefined ? [] : [imageOf(digest, own)];
    }),
  );
  return { digest: head.digest, isIndex: true, images: images.flat() };
}

function imageOf(digest: TaggedImage['digest'], platform: TaggedImage['platform']): TaggedImage {
  return platform === undefined ? { digest } : { digest, platform };
}
