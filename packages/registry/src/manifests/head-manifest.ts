import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { sharedSignal } from '../transport/shared-signal.js';
import { headManifestAt } from './manifest-exchange.js';
import type { ManifestHead } from './manifest-exchange.js';

/**
 * headManifest resolves a tag or a digest by a HEAD request (distribution-spec, "Pulling manifests"); GET is used only where a
 * registry refuses HEAD.
 *
 * @param repo the repository; `side` and `name` are for messages and credentials
 * @param reference a tag or a digest
 * @param options.signal ends it; the promise is rejected with its reason
 * @returns digest, media type and size in bytes; undefined when the registry does not have it
 * @throws RegistryFault for any other answer
 */
export async function headManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ManifestHead | undefined> {
  return headManifestAt(client, repo, reference, { signal: sharedSignal(signal) });
}
