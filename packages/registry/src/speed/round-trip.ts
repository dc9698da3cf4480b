import { requestRoot } from '../probe-registry.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';

const samples = 3;

/**
 * Measures the round-trip time to a registry: the shortest of a few requests over a kept connection.
 *
 * @returns milliseconds
 * @throws RegistryFault if the registry cannot be reached
 */
export async function measureRoundTrip(
  client: RegistryClient,
  repo: RepositoryRef,
  signal: AbortSignal,
): Promise<number> {
  const ask = async (): Promise<number> => {
    const startedAt = performance.now();
    await requestRoot(client, repo, [200, 401, 403, 404], signal);
    return performance.now() - startedAt;
  };
  await ask();
  let shortest = Infinity;
  for (let sample = 0; sample < samples; sample++) shortest = Math.min(shortest, await ask());
  return shortest;
}
