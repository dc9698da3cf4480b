import { algorithmOf } from '../manifests/content-digest.js';
import { announcedDigest } from '../manifests/manifest-exchange.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { isDamagedRecord } from '../transport/damaged-record.js';
import type { LocatedAnswer } from '../transport/exchange.js';
import { RefusedRedirect } from '../transport/redirect-rules.js';
import { refusesHead } from '../transport/refused-head.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import { isWebPage } from '../transport/web-page.js';
import { blobRequest } from './blob-request.js';
import type { Blob } from './image-blobs.js';

/** `unknown`: the registry does not say. */
export type BlobPresence = 'there' | 'absent' | 'unknown';

interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly attempts?: number | undefined;
  /** The blob should be there: a HEAD that says "not found" is checked by GET, because some registries refuse HEAD so. */
  readonly isLikely?: boolean;
}

/** Checks if a target holds a blob. An unclear answer counts as no: the upload decides. */
export async function hasBlob(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  options: CheckOptions = {},
): Promise<boolean> {
  return (await lookForBlob(client, repo, blob, options)) === 'there';
}

/**
 * Sends a HEAD and follows it to its end: a redirect to storage is no answer, since registries redirect without
 * checking the storage. If HEAD is refused, or the answer fits more than a blob of this size and digest, a GET of the
 * first byte decides: storage URLs are often signed for GET alone, and some servers answer every HEAD with 200. A
 * refusal by the registry itself despite a token is no answer either (ACR and ECR refuse requests for what does not
 * exist yet).
 *
 * @throws RegistryFault if the registry fails
 */
export async function lookForBlob(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  { signal, attempts, isLikely = false }: CheckOptions = {},
): Promise<BlobPresence> {
  const host = client.host(repo.host);
  const request = { ...blobRequest(repo, blob, signal), isVerified: false, deniedIsAnswer: true };
  try {
    const response = await sendAndDiscard(host, {
      ...request,
      method: 'HEAD',
      what: `HEAD blob ${blob.digest}`,
      expect: [200, 404],
      attempts,
    });
    const presence = presenceOf(response, blob, response.headers['content-length']);
    if (presence !== undefined && !(presence === 'absent' && isLikely)) return presence;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof RefusedRedirect) return 'unknown';
    if (!refusesHead(error)) throw error;
  }
  try {
    const response = await sendAndDiscard(host, {
      ...request,
      headers: { range: 'bytes=0-0' },
      expect: [200, 206, 404],
      attempts: 1,
    });
    const length = response.statusCode === 200 ? response.headers['content-length'] : wholeSize(response);
    return presenceOf(response, blob, length) ?? 'unknown';
  } catch (error) {
    signal?.throwIfAborted();
    const isRefusal = error instanceof RegistryFault && error.status !== undefined && error.status < 500;
    if (error instanceof RefusedRedirect || isRefusal) return 'unknown';
    if (isDamagedRecord(error)) return 'absent';
    throw error;
  }
}

/** Undefined if an answer has neither a size nor a digest: a server that knows no blobs may answer 200 as well. */
function presenceOf(
  response: LocatedAnswer,
  { digest, size }: Blob,
  length: string | undefined,
): BlobPresence | undefined {
  if (response.statusCode === 404) return 'absent';
  if ((response.statusCode !== 200 && response.statusCode !== 206) || isWebPage(response)) return 'unknown';
  const announced = announcedDigest(response);
  if (announced !== undefined && announced !== digest && algorithmOf(announced) === algorithmOf(digest))
    return 'unknown';
  if (length !== undefined) return Number(length) === size ? 'there' : 'absent';
  return announced === digest ? 'there' : undefined;
}

/** The size in `Content-Range: bytes 0-0/1234`; undefined if it has none. */
function wholeSize({ headers }: LocatedAnswer): string | undefined {
  return /\/(\d+)\s*$/.exec(headers['content-range'] ?? '')?.[1];
}
