import { RegistryError } from '../errors.js';
import { announcedDigest } from '../manifests/manifest-exchange.js';
import type { Digest } from '../oci/digest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { repositoryScopes } from '../transport/authorization.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import { hasBlob } from './blob-presence.js';
import { isProven } from './blob-proof.js';
import { baseRequest, nextSession, openSession } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import type { Blob } from './image-blobs.js';

/** How many candidates are tried for a mount; each failed one may leave a session behind. */
const maxMountAttempts = 2;

/**
 * Requests a mount of a blob from a repository of the same registry (distribution-spec, "Mounting a blob from another
 * repository"), or opens an upload for it.
 *
 * @param mountFrom repositories that are believed to hold the blob
 * @param proves a mounted blob counts only if its first byte can be read
 * @returns `mounted`, or the session to send the data to
 */
export async function mountOrOpen(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  {
    mountFrom,
    proves,
    signal,
  }: { readonly mountFrom: readonly string[]; readonly proves: boolean; readonly signal: AbortSignal },
): Promise<'mounted' | UploadSession> {
  const host = client.host(repo.host);
  const { digest } = blob;
  const candidates = host.mountsBroken ? [] : mountFrom.filter((repository) => repository !== repo.repository);
  for (const [position, from] of candidates.slice(0, maxMountAttempts).entries()) {
    const answer = await tryMount(host, repo, digest, from, signal);
    const isPromised = answer === 'mounted' || answer === 'promised';
    if (isPromised && (await isMounted(client, repo, blob, { isConfirmed: answer === 'mounted', proves, signal }))) {
      return 'mounted';
    }
    if (answer === 'in-trouble') break;
    await client.blobLocationCache.remove(repo.host, from, digest);
    if (isPromised) break;
    const isLast = position === Math.min(candidates.length, maxMountAttempts) - 1;
    if (isLast && answer !== undefined) return answer;
  }
  return openSession(client, repo, signal);
}

/**
 * @returns `promised` if the answer does not name the digest that was mounted; undefined if the registry refused; the
 *   upload continues without a mount in both cases
 */
async function tryMount(
  host: RegistryHost,
  repo: RepositoryRef,
  digest: Digest,
  from: string,
  signal: AbortSignal,
): Promise<'mounted' | 'promised' | UploadSession | 'in-trouble' | undefined> {
  try {
    const response = await sendAndDiscard(host, {
      ...baseRequest(repo, signal),
      method: 'POST',
      url: `/v2/${repo.repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      what: `POST blob mount from ${from}`,
      // Two scopes: one to push here, one to read there.
      scopes: repositoryScopes(repo.repository, 'pull,push', from),
      body: Buffer.alloc(0),
      expect: [201, 202],
      attempts: 2,
    });
    if (response.statusCode !== 201) return await nextSession(host, response, repo);
    return announcedDigest(response) === digest ? 'mounted' : 'promised';
  } catch (error) {
    signal.throwIfAborted();
    // Quay, ECR and others refuse what they cannot mount; a token for both repositories may not be available.
    if (error instanceof RegistryError && error.decision === 'block') return undefined;
    // Some registries fail only at mounts; opening an upload shows if this is one.
    if (error instanceof RegistryFault && error.code === 'server-error') return 'in-trouble';
    throw error;
  }
}

/**
 * Checks if the registry made the mount that it confirmed. Some answer 201 to everything, and not all check later that
 * a manifest's blobs are there: such an image would look finished, but no client could pull it. The first mount of a
 * host is checked by HEAD, and each later one whose answer does not name the digest.
 */
async function isMounted(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  {
    isConfirmed,
    proves,
    signal,
  }: { readonly isConfirmed: boolean; readonly proves: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  const host = client.host(repo.host);
  if (proves) return await isProven(client, repo, blob, { signal });
  if (isConfirmed && host.mountsProven) return true;
  const isThere = await hasBlob(client, repo, blob, { signal });
  host.mountsBroken ||= !isThere && !host.mountsProven;
  host.mountsProven ||= isThere;
  return isThere;
}
