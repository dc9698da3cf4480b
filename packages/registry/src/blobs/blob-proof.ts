import type { IncomingMessage } from 'node:http';

import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { isDamagedRecord } from '../transport/damaged-record.js';
import { RefusedRedirect } from '../transport/redirect-rules.js';
import { sendForBody } from '../transport/registry-request.js';
import { discardBody } from '../transport/response-body.js';
import { backoff, rest } from '../transport/retrying.js';
import { isWebPage } from '../transport/web-page.js';
import { blobRequest } from './blob-request.js';
import type { Blob } from './image-blobs.js';

/** A registry that announces a byte and does not send it gets this many requests: one connection may have broken. */
const maxAttempts = 3;
/** The rest of a body up to this is read, so that its connection can be used again. */
const keptBytes = 64 * 1024;

/** Whether a blob can be pulled, and otherwise why not. */
export type BlobProof = { readonly isThere: true } | { readonly isThere: false; readonly reason: string };

/**
 * Proves that a registry can deliver a blob: it requests the first byte (a range), follows redirects, and reads it. A HEAD is no
 * proof, because registries answer it from a cache of descriptors that outlives the blob: after a garbage collection, or
 * when files were deleted below the registry.
 *
 * @throws RegistryFault if the registry cannot be reached, or refuses: then nothing is known about the blob
 */
export async function proveBlob(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  { signal }: { readonly signal: AbortSignal },
): Promise<BlobProof> {
  const host = client.host(repo.host);
  for (let attempt = 1; ; attempt++) {
    let response: IncomingMessage;
    try {
      ({ response } = await sendForBody(host, {
        ...blobRequest(repo, blob, signal),
        headers: blob.size === 0 ? {} : { range: 'bytes=0-0' },
        expect: [200, 206, 404, 416],
      }));
    } catch (error) {
      if (!isDamagedRecord(error)) throw error;
      return { isThere: false, reason: "the registry's own record of the blob is damaged" };
    }
    const missing = reasonMissing(response, blob);
    if (missing !== undefined || blob.size === 0) {
      discardBody(response);
      return missing === undefined ? { isThere: true } : { isThere: false, reason: missing };
    }
    if (await bringsByte(response, host.timing.idleMs, signal)) return { isThere: true };
    if (attempt === maxAttempts) {
      const reason = `it announces the blob, but did not send its first byte in ${maxAttempts} requests`;
      return { isThere: false, reason };
    }
    await rest(backoff(attempt, host.timing), signal);
  }
}

/** The same for a copy, which sends the blob unless it is proven: a refusal by the registry is no proof. */
export async function isProven(
  client: RegistryClient,
  repo: RepositoryRef,
  blob: Blob,
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    return (await proveBlob(client, repo, blob, options)).isThere;
  } catch (error) {
    options.signal.throwIfAborted();
    const isRefusal = error instanceof RegistryFault && error.status !== undefined && error.status < 500;
    if (error instanceof RefusedRedirect || (isRefusal && error.code !== 'rate-limited')) return false;
    throw error;
  }
}

function reasonMissing(response: IncomingMessage, { size }: Blob): string | undefined {
  const { statusCode, headers } = response;
  if (statusCode === 404) return 'it answers 404 Not Found';
  if (statusCode === 416) return 'the blob is empty there';
  if (isWebPage(response)) return 'it sends a web page instead of the blob';
  const length =
    statusCode === 200 ? headers['content-length'] : /\/(\d+)\s*$/.exec(headers['content-range'] ?? '')?.[1];
  if (length === undefined || Number(length) === size) return undefined;
  return `the blob has ${length} bytes there instead of ${size}`;
}

/** Whether a byte of the body arrives before it ends, breaks, or is silent for too long. */
async function bringsByte(response: IncomingMessage, idleMs: number, signal: AbortSignal): Promise<boolean> {
  const arrived = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), idleMs);
    const aborted = (): void => resolve(false);
    signal.addEventListener('abort', aborted, { once: true });
    response.once('data', () => resolve(true));
    for (const event of ['end', 'error', 'close']) response.once(event, () => resolve(false));
    response.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    });
  });
  // A late error would otherwise be an unhandled error event.
  response.on('error', () => {});
  const left = Number(response.headers['content-length'] ?? Infinity);
  if (arrived && left <= keptBytes) response.resume();
  else response.destroy();
  signal.throwIfAborted();
  return arrived;
}
