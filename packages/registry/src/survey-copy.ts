import { hasBlob } from './blobs/blob-presence.js';
import type { Blob } from './blobs/image-blobs.js';
import type { BlobShare, CopyOptions, CopyRequest, CopySurvey, TargetSurvey } from './copy-types.js';
import { headManifestAt } from './manifests/manifest-exchange.js';
import type { Digest } from './oci/digest.js';
import { withPreparedCopy } from './prepare-copy.js';
import type { PreparedCopy } from './prepare-copy.js';
import type { PreparedTarget } from './prepare-target.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { sharedSignal } from './transport/shared-signal.js';

/** HEADs at once to one target. */
const headsAtOnce = 6;

/**
 * surveyCopy finds what a copy would move, without moving it: it goes as far as a copy does before its first upload. It
 * sends HEADs and reads manifests. A mount cannot be tested without making it, so blobs that are known to be in another repository
 * of the registry count as mountable.
 *
 * @param request what to copy, and to which targets
 * @param options.signal ends it; the promise is rejected with its reason
 * @throws RegistryError for a fault of the source; a fault of one target is in `plan.failures`
 */
export async function surveyCopy(
  client: RegistryClient,
  request: CopyRequest,
  options: Pick<CopyOptions, 'signal'> = {},
): Promise<CopySurvey> {
  const signal = sharedSignal(options.signal);
  return await withPreparedCopy(
    client,
    request,
    { copies: false, signal },
    async (copy) => await survey(client, copy, signal),
  );
}

async function survey(
  client: RegistryClient,
  { plan, source, targets }: PreparedCopy,
  signal: AbortSignal,
): Promise<CopySurvey> {
  const read = new Map<Digest, number>();
  const surveys = await Promise.all(
    targets.map(async (target) => {
      const { survey, sent } = await surveyTarget(client, source, target, signal);
      for (const { digest, size } of sent) read.set(digest, size);
      return survey;
    }),
  );
  return { plan, targets: surveys, bytesToRead: [...read.values()].reduce((sum, size) => sum + size, 0) };
}

async function surveyTarget(
  client: RegistryClient,
  source: RepositoryRef,
  { plan, repo, manifests, referrers, force }: PreparedTarget,
  signal: AbortSignal,
): Promise<{ readonly survey: TargetSurvey; readonly sent: readonly Blob[] }> {
  const none = { blobs: 0, bytes: 0 };
  const target = plan.target;
  if (plan.alreadyThere) return { survey: { target, there: none, mountable: none, sent: none }, sent: [] };

  const blobs = new Map<Digest, Blob>();
  for (const { content, blobs: own } of [...referrers.manifests, ...manifests]) {
    // A manifest that is there vouches for its blobs.
    const options = { deniedIsAbsent: true, isRare: true, signal };
    const head = force ? undefined : await headManifestAt(client, repo, content.digest, options);
    if (head === undefined) for (const blob of own) blobs.set(blob.digest, blob);
  }
  await client.blobLocationCache.learn(repo.host, [...blobs.keys()], source);
  const there: Blob[] = [];
  const mountable: Blob[] = [];
  const sent: Blob[] = [];
  const queue = [...blobs.values()];
  await Promise.all(
    Array.from({ length: headsAtOnce }, async () => {
      for (let blob = queue.shift(); blob !== undefined; blob = queue.shift()) {
        const elsewhere = client.blobLocationCache.of(repo.host, blob.digest).some((home) => home !== repo.repository);
        if (await hasBlob(client, repo, blob, { signal })) there.push(blob);
        else if (elsewhere && !client.host(repo.host).mountsBroken) mountable.push(blob);
        else sent.push(blob);
      }
    }),
  );
  return { survey: { target, there: share(there), mountable: share(mountable), sent: share(sent) }, sent };
}

function share(blobs: readonly Blob[]): BlobShare {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}
