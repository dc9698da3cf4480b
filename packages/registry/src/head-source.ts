import { lookForManifest } from './manifests/manifest-exchange.js';
import type { Digest } from './oci/digest.js';
import type { ImageReference } from './oci/image-reference.js';
import type { RegistryClient } from './registry-client.js';
import { missingManifest, sourceRepo } from './resolve-source.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * headSource resolves a reference to a digest by one HEAD request, which registries do not count as a pull. A reference with a
 * digest is requested, too, so that the answer means that it exists.
 *
 * @param source without tag and digest, `latest` is resolved
 * @param options.signal ends it; the promise is rejected with its reason
 * @returns the digest of the manifest or index that the reference points to
 * @throws RegistryFault `tag-missing` (wait), `repository-missing` (block), or what the registry answered
 */
export async function headSource(
  client: RegistryClient,
  source: ImageReference,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Digest> {
  const signal = sharedSignal(options.signal);
  const repo = sourceRepo({ source });
  const reference = source.digest ?? source.tag ?? 'latest';
  const look = await lookForManifest(client, repo, reference, { signal });
  if (look.kind === 'there') return source.digest ?? look.head.digest;
  throw await missingManifest(client, repo, reference, { codes: look.kind === 'absent' ? look.codes : [], signal });
}
