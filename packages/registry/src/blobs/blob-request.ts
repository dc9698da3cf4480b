import { scopesOf } from '../manifests/manifest-exchange.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { GetRequest } from '../transport/request-options.js';
import type { Blob } from './image-blobs.js';

/** GET of a blob whose bytes are checked; the caller says which statuses are answers. */
export function blobRequest(repo: RepositoryRef, { digest }: Blob, signal?: AbortSignal): Omit<GetRequest, 'expect'> {
  return {
    repo,
    method: 'GET',
    resource: 'blob',
    isVerified: true,
    url: `/v2/${repo.repository}/blobs/${digest}`,
    what: `GET blob ${digest}`,
    scopes: scopesOf(repo),
    signal,
  };
}
