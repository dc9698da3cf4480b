import { FerryError } from '../../domain/ferry-error.js';
import { BlobMismatch } from './blob-mismatch.js';
import { blobRequest } from './blob-request.js';
import { algorithmOf, digestOf } from '../manifests/content-digest.js';
import type { Blob } from './image-blobs.js';
import type { Place } from '../place.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { BodyBudget } from '../transport/body-budget.js';
import { fetchBody } from '../transport/registry-request.js';

/** Room for what a registry says when it does not have a blob. */
const LEAST_LIMIT_BYTES = 64 * 1024;

/** Reads a small blob whole, checks it, and keeps it, so that copying it does not read it again. */
export async function readSmallBlob(
  client: RegistryClient,
  places: readonly Place[],
  blob: Blob,
  { budget, signal }: { readonly budget: BodyBudget; readonly signal: AbortSignal },
): Promise<Buffer> {
  const cached = client.contents.get(blob.digest);
  if (cached !== undefined) return cached.body;
  for (const [position, place] of places.entries()) {
    const isLast = position === places.length - 1;
    try {
      const request = { ...blobRequest(place, blob, signal), expect: [200, 404], ...(isLast ? {} : { attempts: 1 }) };
      const limitBytes = Math.max(blob.size, LEAST_LIMIT_BYTES);
      const { response, body } = await fetchBody(client.host(place.host), request, limitBytes, budget);
      if (response.statusCode === 404) throw missing(place, blob);
      if (digestOf(body, algorithmOf(blob.digest)) === blob.digest) {
        client.contents.add({ digest: blob.digest, mediaType: blob.mediaType, body });
        return body;
      }
      if (client.host(place.host).mirrors.distrust(blob.digest))
        return await readSmallBlob(client, places, blob, { budget, signal });
      if (isLast) throw new BlobMismatch(`the config ${blob.digest} has other bytes`, corrupt(place));
    } catch (error) {
      if (isLast || !(error instanceof FerryError)) throw error;
    }
  }
  throw new TypeError('readSmallBlob needs a place to read from');
}

function corrupt(place: Place): ConstructorParameters<typeof RegistryFault>[1] {
  return { place, code: 'source-corrupt', decision: 'park' };
}

function missing(place: Place, { digest }: Blob): RegistryFault {
  const message = `a manifest names the config ${digest}, but it is not there: the image is broken at its source`;
  return new RegistryFault(message, { place, status: 404, code: 'source-corrupt', decision: 'park' });
}
