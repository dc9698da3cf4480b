import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { Blob } from './image-blobs.js';

/** The source sent bytes that are not the blob. It is read once more from its start; after that the fault is final. */
export class BlobMismatch extends RegistryFault {}

/** A mirror may have sent the bytes: the blob is not requested from it again. @param found what was found instead */
export function mismatch(
  client: RegistryClient,
  repo: RepositoryRef,
  { digest, size }: Blob,
  found: string,
): BlobMismatch {
  client.host(repo.host).mirrors.markBad(digest);
  const message = `the blob ${digest} should be ${size} bytes with this digest, but ${found}`;
  return new BlobMismatch(message, { repo, code: 'source-corrupt', decision: 'block' });
}

/** The blob itself may be right: a later read that is not interrupted needs no range. */
export function wrongRange(
  client: RegistryClient,
  repo: RepositoryRef,
  { digest, size }: Blob,
  { offset, sent }: { readonly offset: number; readonly sent: string },
): BlobMismatch {
  client.host(repo.host).mirrors.markBad(digest);
  const message = `bytes ${offset}-${size - 1} of the blob ${digest} were requested after a break, it sends ${sent}`;
  return new BlobMismatch(message, { repo, code: 'protocol', decision: 'retry' });
}
