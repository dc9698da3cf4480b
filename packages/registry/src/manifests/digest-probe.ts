import { createdStatuses, assertStored, withDigest } from '../blobs/blob-commit.js';
import { baseRequest, openSession } from '../blobs/blob-push.js';
import type { Blob } from '../blobs/image-blobs.js';
import type { Digest } from '../oci/digest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import { algorithmOf, digestOf } from './content-digest.js';

const probedBytes = Buffer.from('{}');

/**
 * Registries must support sha256 only, and distribution stores content of another algorithm under a sha256 digest. A
 * probe of two bytes finds out before layers move.
 *
 * @throws RegistryFault `manifest-unsupported`
 */
export async function assertAlgorithmsKnown(
  client: RegistryClient,
  repo: RepositoryRef,
  blobs: readonly Blob[],
  signal: AbortSignal,
): Promise<void> {
  const algorithms = new Set(blobs.map(({ digest }) => algorithmOf(digest)));
  algorithms.delete('sha256');
  for (const algorithm of algorithms) await probe(client, repo, digestOf(probedBytes, algorithm), signal);
}

async function probe(client: RegistryClient, repo: RepositoryRef, digest: Digest, signal: AbortSignal): Promise<void> {
  const blob: Blob = { digest, size: probedBytes.length, mediaType: 'application/octet-stream' };
  const { location, foreign } = await openSession(client, repo, signal);
  try {
    const response = await sendAndDiscard(client.host(repo.host), {
      ...baseRequest(repo, signal),
      method: 'PUT',
      url: withDigest(location, blob),
      foreign,
      what: `PUT blob ${digest}`,
      headers: { 'content-type': blob.mediaType },
      body: probedBytes,
      expect: createdStatuses,
    });
    assertStored(response, { repo, blob });
  } catch (error) {
    if (!(error instanceof RegistryFault) || error.status !== 400) throw error;
    const message = `it refuses blobs by ${algorithmOf(digest)} digests, so no image with them can be there`;
    throw new RegistryFault(message, { repo, code: 'manifest-unsupported', decision: 'block', cause: error });
  }
}
