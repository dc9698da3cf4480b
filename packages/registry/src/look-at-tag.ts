import { headManifestAt } from './manifests/manifest-exchange.js';
import { ManifestReader } from './manifests/manifest-reader.js';
import type { Digest } from './oci/digest.js';
import type { TagContents, TaggedImage } from './oci/tag-contents.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * lookAtTag reads the digest and the platforms behind a tag: one HEAD, and the manifest and config that name its
 * platforms. Each is read once for all tags that point to it.
 *
 * @param repo the repository; `side` and `name` are for messages and credentials
 * @param tag a tag or a digest
 * @param options.signal ends it; the promise is rejected with its reason
 * @returns undefined when the tag does not exist
 * @throws RegistryError for any other answer
 */
export async function lookAtTag(
  client: RegistryClient,
  repo: RepositoryRef,
  tag: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<TagContents | undefined> {
  const signal = sharedSignal(options.signal);
  const head = await headManifestAt(client, repo, tag, { signal });
  if (head === undefined) return undefined;
  const { digest } = head;
  return await client.bodies.forImage(`${repo.host}/${repo.repository}`, signal, async (budget) => {
    const reader = new ManifestReader(client, repo, { root: digest, holders: new Map(), budget, signal });
    return await contentsOf(reader, digest);
  });
}

async function contentsOf(reader: ManifestReader, tagged: Digest): Promise<TagContents> {
  const root = await reader.read(tagged);
  if (root.manifest.kind === 'image') {
    const platform = await reader.platformOf(root);
    return { digest: tagged, isIndex: false, images: [imageOf(tagged, platform)] };
  }
  const children = root.manifest.children.filter(
    ({ annotations }) => annotations['vnd.docker.reference.type'] === undefined,
  );
  const silent = children.filter(({ platform }) => platform === undefined);
  await reader.expect(silent);
  await reader.readAll(silent.map(({ digest }) => digest));
  const images: TaggedImage[] = [];
  for (const { digest, platform } of children) {
    const own = platform ?? (await reader.platformOf(await reader.read(digest)));
    // A manifest without a platform in an index is no image that is pulled by that index.
    if (own !== undefined) images.push(imageOf(digest, own));
  }
  return { digest: tagged, isIndex: true, images };
}

function imageOf(digest: TaggedImage['digest'], platform: TaggedImage['platform']): TaggedImage {
  return platform === undefined ? { digest } : { digest, platform };
}
