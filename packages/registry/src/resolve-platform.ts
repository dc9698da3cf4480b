import { lookAtTag } from './look-at-tag.js';
import type { Digest } from './oci/digest.js';
import { printImageReference } from './oci/image-reference.js';
import type { ImageReference } from './oci/image-reference.js';
import { platformMatches, printPlatform } from './oci/platform.js';
import type { Platform } from './oci/platform.js';
import { PlatformMissing } from './oci/tag-composition.js';
import { platformsIn } from './oci/tag-contents.js';
import type { RegistryClient } from './registry-client.js';
import { missingManifest, sourceRepo } from './resolve-source.js';
import { sharedSignal } from './transport/shared-signal.js';

/** The manifest of one platform. */
export interface ResolvedPlatform {
  /** The digest of the platform's own manifest. */
  readonly digest: Digest;
  /** As the index, or the image's config, names it. */
  readonly platform: Platform;
  /** What the reference points to: the index, or the same manifest if there is no index. */
  readonly root: Digest;
}

/**
 * Finds the manifest of one platform behind a reference (image-spec, image-index.md "platform"): one HEAD and one GET,
 * and one more GET if only the image's config names the platform. If several match, it returns the first one in the
 * index, which is the one that container engines use.
 *
 * @param options.signal ends it; the promise is rejected with its reason
 * @throws RegistryError `platform-missing` with the available platforms; `tag-missing` or `repository-missing` if the
 *   reference points to nothing; or another fault that the registry reports
 */
export async function resolvePlatform(
  client: RegistryClient,
  image: ImageReference,
  platform: Platform,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ResolvedPlatform> {
  const signal = sharedSignal(options.signal);
  const repo = sourceRepo({ source: image });
  const reference = image.digest ?? image.tag ?? 'latest';
  const contents = await lookAtTag(client, repo, reference, { signal });
  if (contents === undefined) throw await missingManifest(client, repo, reference, { codes: [], signal });
  for (const { digest, platform: offered } of contents.images) {
    if (offered !== undefined && platformMatches(platform, offered))
      return { digest, platform: offered, root: contents.digest };
  }
  const there = contents.images.length === 0 ? 'no image' : platformsIn(contents);
  throw new PlatformMissing(
    `${printImageReference(image)} is not published for ${printPlatform(platform)}; it offers ${there}`,
  );
}
