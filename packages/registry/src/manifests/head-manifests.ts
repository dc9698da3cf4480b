import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { headManifestAt } from './manifest-exchange.js';
import type { ManifestHead } from './manifest-exchange.js';
import type { RequiredManifest } from './required-manifests.js';

/** An index may list hundreds of manifests: registries take that many requests at once for an attack. */
const headsAtOnce = 8;

/**
 * Finds which of these manifests a target has, in their order; undefined for each that it lacks or does not reveal.
 *
 * @throws RegistryFault
 */
export async function headManifests(
  client: RegistryClient,
  repo: RepositoryRef,
  manifests: readonly RequiredManifest[],
  signal: AbortSignal,
): Promise<readonly (ManifestHead | undefined)[]> {
  const heads: (ManifestHead | undefined)[] = manifests.map(() => undefined);
  const queue = [...manifests.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [position, { content }] = next;
      heads[position] = await headManifestAt(client, repo, content.digest, {
        deniedIsAbsent: true,
        isRare: true,
        signal,
      });
    }
  };
  await Promise.all(Array.from({ length: headsAtOnce }, worker));
  return heads;
}
