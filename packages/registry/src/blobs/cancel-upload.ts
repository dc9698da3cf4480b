import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import { statusesOf } from '../transport/quirks.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import type { UploadRecord } from '../upload-records.js';
import { baseRequest } from './blob-push.js';
import type { UploadSession } from './blob-push.js';

/** The registry has forgotten the upload: it need not be cancelled. */
export const goneStatuses: readonly number[] = [404, 410];

/**
 * Requests that an upload is cancelled: the registry deletes what it has of it. A registry that cannot do that lets the
 * upload expire (distribution-spec, "Pushing blobs", has no cancellation; the request is that of Docker's registry API,
 * "Canceling an Upload").
 *
 * @param options.done further statuses that count as cancelled
 * @throws RegistryFault if the registry cannot be reached, or refuses
 */
export async function cancelSession(
  client: RegistryClient,
  repo: RepositoryRef,
  { location, foreign }: Pick<UploadSession, 'location' | 'foreign'>,
  { done = [], signal }: { readonly done?: readonly number[]; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  await sendAndDiscard(client.host(repo.host), {
    ...baseRequest(repo, signal),
    method: 'DELETE',
    url: location,
    foreign,
    what: 'DELETE blob upload',
    expect: [200, 202, 204, ...done, ...statusesOf('no-cancel')],
    attempts: 1,
  });
}

/**
 * Cancels a recorded upload that no process will continue. One that the registry has forgotten, or cannot cancel, counts
 * as cancelled.
 *
 * @throws RegistryFault if the registry cannot be reached, or refuses
 */
export async function cancelUpload(
  client: RegistryClient,
  { registry, repository, location, foreign }: Pick<UploadRecord, 'registry' | 'repository' | 'location' | 'foreign'>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const repo: RepositoryRef = { side: 'target', host: registry, repository };
  await cancelSession(client, repo, { location: new URL(location), foreign }, { done: goneStatuses, signal });
}
