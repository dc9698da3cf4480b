import { headManifestAt } from './manifest-exchange.js';
import type { ManifestHead } from './manifest-exchange.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { RegistryClient } from '../registry-client.js';
import { sharedSignal } from '../transport/shared-signal.js';

/**
 * What a tag or digest of a registry leads to, without reading it; never counted as a pull.
 *
 * @param place with the target's name, whose account asks: a registry may know several of one person
 * @returns undefined when the registry does not have it
 * @throws RegistryFault
 */
export async function headManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ManifestHead | undefined> {
  return headManifestAt(client, repo, reference, { signal: sharedSignal(signal) });
}
