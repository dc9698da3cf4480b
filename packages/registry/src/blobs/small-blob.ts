import { RegistryError } from '../errors.js';
import { algorithmOf, digestOf } from '../manifests/content-digest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { BodyBudget } from '../transport/body-budget.js';
import { fetchBody } from '../transport/registry-request.js';
import { BlobMismatch } from './blob-mismatch.js';
import { blobRequest } from './blob-request.js';
import type { Blob } from './image-blobs.js';

/** Room for a registry's error body if it does not have a blob. */
const minLimitBytes = 64 * 1024;

/** Reads a whole small blob, checks it, and keeps it, so that copying it does not read it again. */
export async function readSmallBlob(
  client: RegistryClient,
  repos: readonly RepositoryRef[],
  blob: Blob,
  { budget, signal }: { readonly budget: BodyBudget; readonly signal: AbortSignal },
): Promise<Buffer> {
  const cached = client.contents.get(blob.digest);
  if (cached !== undefined) return cached.body;
  for (const [position, repo] of repos.entries()) {
    const isLast = position === repos.length - 1;
    try {
      const request = { ...blobRequest(repo, blob, signal), expect: [200, 404], ...(isLast ? {} : { attempts: 1 }) };
      const limitBytes = Math.max(blob.size, minLimitBytes);
      const { response, body } = await fetchBody(client.host(repo.host), request, limitBytes, budget);
      if (response.statusCode === 404) throw missing(repo, blob);
      if (digestOf(body, algorithmOf(blob.digest)) === blob.digest) {
        client.contents.add({ digest: blob.digest, mediaType: blob.mediaType, body });
        return body;
      }
      if (client.host(repo.host).mirrors.markBad(blob.digest))
        return await readSmallBlob(client, repos, blob, { budget, signal });
      if (isLast) throw new BlobMismatch(`the config ${blob.digest} has other bytes`, corrupt(repo));
    } catch (error) {
      if (isLast || !(error instanceof RegistryError)) throw error;
    }
  }
  throw new TypeError('readSmallBlob needs a repository to read from');
}

function corrupt(repo: RepositoryRef): ConstructorParameters<typeof RegistryFault>[1] {
  return { repo, code: 'source-corrupt', decision: 'block' };
}

function missing(repo: RepositoryRef, { digest }: Blob): RegistryFault {
  const message = `a manifest names the config ${digest}, but it is not there: the image is broken at its source`;
  return new RegistryFault(message, { repo, status: 404, code: 'source-corrupt', decision: 'block' });
}
