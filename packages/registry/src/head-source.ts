import type { Digest } from './oci/digest.js';
import type { ImageReference } from './oci/image-reference.js';
import { lookForManifest } from './manifests/manifest-exchange.js';
import type { RegistryClient } from './registry-client.js';
import { missingManifest, sourceRepo } from './resolve-source.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * What a source's reference leads to now: one HEAD, also where the reference itself says the digest, so that the answer
 * means that it is there.
 *
 * @throws RegistryFault `tag-missing` (wait), `repository-missing` (block), or whatever the registry says
 */
export async function headSource(
  client: RegistryClient,
  source: ImageReference,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Digest> {
  const signal = sharedSignal(options.signal);
  const repo = sourceRepo({ source });
  const reference = source.digest ?? source.tag ?? 'latest';
  const look = await lookForManifest(client, repo, reference, { signal });
  if (look.kind === 'there') return source.digest ?? look.head.digest;
  throw await missingManifest(client, repo, reference, { codes: look.kind === 'absent' ? look.codes : [], signal });
}
