import type { Digest } from '../domain/digest.js';
import { getManifest, putManifest } from './manifest-exchange.js';
import type { Place } from './place.js';
import type { RegistryClient } from './registry-client.js';

/**
 * Keeps what a tag leads to under another tag of the same repository, where all that belongs to it is: one manifest is
 * read and put, and no blob moves.
 *
 * @returns false when it is gone already, so that there is nothing to keep
 * @throws RegistryFault
 */
export async function keepUnder(
  client: RegistryClient,
  { place, digest, tag }: { readonly place: Place; readonly digest: Digest; readonly tag: string },
  signal: AbortSignal,
): Promise<boolean> {
  const content = await getManifest(client, place, digest, { signal });
  if (content === undefined) return false;
  await putManifest(client, place, tag, content, signal);
  return true;
}
