import { headManifestAt } from './manifest-exchange.js';
import type { ManifestHead } from './manifest-exchange.js';
import type { RegistryClient } from './registry-client.js';
import { sharedSignal } from './transport/shared-signal.js';

/**
 * What a tag or digest of a registry leads to, without reading it; never counted as a pull.
 *
 * @returns undefined when the registry does not have it
 * @throws RegistryFault
 */
export async function headManifest(
  client: RegistryClient,
  { host, repository, reference }: { readonly host: string; readonly repository: string; readonly reference: string },
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ManifestHead | undefined> {
  const place = { side: 'target', host, repository } as const;
  return headManifestAt(client, place, reference, { signal: sharedSignal(signal) });
}
