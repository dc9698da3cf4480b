import type { RegistryClient } from '../registry-client.js';
import { statusesOf } from '../transport/quirks.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import type { UploadRecord } from '../upload-records.js';
import { baseRequest } from './blob-push.js';

/**
 * Cancels an upload that no process will continue: the registry deletes what it has of it. An upload that the registry has
 * forgotten, or cannot cancel, counts as cancelled (distribution-spec, "Pushing blobs", has no cancellation; the request is
 * that of Docker's registry API, "Canceling an Upload").
 *
 * @throws RegistryFault if the registry cannot be reached, or refuses
 */
export async function cancelUpload(
  client: RegistryClient,
  { registry, repository, location, foreign }: Pick<UploadRecord, 'registry' | 'repository' | 'location' | 'foreign'>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await sendAndDiscard(client.host(registry), {
    ...baseRequest({ side: 'target', host: registry, repository }, options.signal),
    method: 'DELETE',
    url: new URL(location),
    foreign,
    what: 'DELETE blob upload',
    expect: [200, 202, 204, 404, 410, ...statusesOf('no-cancel')],
    attempts: 1,
  });
}
