import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { sendForBody } from '../transport/registry-request.js';
import type { BodyReply } from '../transport/registry-request.js';
import { discardBody, encodingLabel } from '../transport/response-body.js';
import { isWebPage } from '../transport/web-page.js';
import { mismatch, wrongRange } from './blob-mismatch.js';
import { blobRequest } from './blob-request.js';
import { announcedSize, beginsAt, rangeFrom } from './byte-range.js';
import type { Blob } from './image-blobs.js';

/** A broken read that a Range request may resume. */
export class SourceCut extends Error {}

/**
 * Requests a blob from the source, from one byte on, and checks the head of the answer.
 *
 * @returns an answer whose body is the rest of the blob, or with status 200 the whole of it
 * @throws RegistryFault, BlobMismatch if the head shows another blob, SourceCut
 */
export async function openBlob(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  { offset, signal }: { readonly offset: number; readonly signal: AbortSignal },
): Promise<BodyReply> {
  const { digest, size } = blob;
  const reply = await sendForBody(client.host(repo.host), {
    ...blobRequest(repo, blob, signal),
    headers: offset === 0 ? {} : rangeFrom(offset, size),
    expect: offset === 0 ? [200, 404] : [200, 206, 404, 416],
  });
  const { response } = reply;
  if (response.statusCode === 404) {
    discardBody(response);
    const message = `a manifest names the blob ${digest}, but it is not there: the image is broken at its source`;
    throw new RegistryFault(message, { repo, status: 404, code: 'source-corrupt', decision: 'block' });
  }
  if (response.statusCode === 416) {
    response.destroy();
    throw mismatch(client, repo, blob, `it has nothing after byte ${offset}`);
  }
  if (!beginsAt(response, offset)) {
    response.destroy();
    const sent = response.headers['content-range']?.slice(0, 100) ?? 'no range';
    throw wrongRange(client, repo, blob, { offset, sent });
  }
  const announced = announcedSize(response);
  if (announced === undefined || announced === size) return reply;
  response.destroy();
  if (isWebPage(response)) throw new SourceCut('it sends a web page instead: is there a captive portal or a proxy?');
  throw mismatch(client, repo, blob, `it announces ${announced} bytes${encodingLabel(response)}`);
}
