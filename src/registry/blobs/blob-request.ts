import type { Blob } from './image-blobs.js';
import { placeScopes } from '../manifests/manifest-exchange.js';
import type { Place } from '../place.js';
import type { GetRequest } from '../transport/request-options.js';

/** GET of a blob whose bytes are checked; what counts as an answer is the caller's to say. */
export function blobRequest(place: Place, { digest }: Blob, signal?: AbortSignal): Omit<GetRequest, 'expect'> {
  return {
    place,
    method: 'GET',
    resource: 'blob',
    isVerified: true,
    url: `/v2/${place.repository}/blobs/${digest}`,
    what: `GET blob ${digest}`,
    scopes: placeScopes(place),
    ...(signal === undefined ? {} : { signal }),
  };
}
