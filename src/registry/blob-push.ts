import type { IncomingMessage } from 'node:http';
import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import type { Blob } from './image-blobs.js';
import { placeScopes } from './manifest-exchange.js';
import type { Place } from './place.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import { repositoryScopes } from './transport/authorization.js';
import type { RegistryHost } from './transport/registry-host.js';
import { sendAndDiscard } from './transport/registry-request.js';
import type { RegistryRequest } from './transport/request-options.js';

/** Candidates tried for a mount; each that fails may leave a session behind. */
const MOUNTS_TRIED = 2;
const REDIRECTED = [301, 302, 303, 307, 308];

/** Where the data of an opened upload goes next: it changes with every answer. */
export type UploadSession = { readonly location: URL };

/**
 * Whether a target holds a blob. A refusal in spite of a token, or of HEAD itself, is "don't know": the upload decides.
 * A redirect to storage means that it is there.
 */
export async function hasBlob(
  client: RegistryClient,
  place: Place,
  { digest, size }: Blob,
  { signal, attempts }: { readonly signal?: AbortSignal; readonly attempts?: number } = {},
): Promise<boolean> {
  const response = await sendAndDiscard(client.host(place.host), {
    ...baseRequest(place, signal),
    method: 'HEAD',
    url: `/v2/${place.repository}/blobs/${digest}`,
    what: `HEAD blob ${digest}`,
    expect: [200, 404, 405, ...REDIRECTED],
    deniedIsAnswer: true,
    follow: false,
    ...(attempts === undefined ? {} : { attempts }),
  });
  const status = response.statusCode ?? 0;
  if (REDIRECTED.includes(status)) return true;
  const length = response.headers['content-length'];
  return status === 200 && (length === undefined || Number(length) === size);
}

/**
 * Opens an upload (distribution-spec, "Pushing blobs"), or has the blob mounted from a repository of the same registry.
 *
 * @param mountFrom repositories that are believed to hold the blob
 * @returns `mounted`, or the session to send the data to
 */
export async function openSession(
  client: RegistryClient,
  place: Place,
  digest: Digest,
  { mountFrom, signal }: { readonly mountFrom: readonly string[]; readonly signal?: AbortSignal },
): Promise<'mounted' | UploadSession> {
  const host = client.host(place.host);
  const candidates = host.mountsBroken ? [] : mountFrom.filter((repository) => repository !== place.repository);
  for (const [position, from] of candidates.slice(0, MOUNTS_TRIED).entries()) {
    const answer = await tryMount(host, place, digest, from, signal);
    if (answer === 'mounted') return answer;
    await client.blobHomes.remove(place.host, from, digest);
    const isLast = position === Math.min(candidates.length, MOUNTS_TRIED) - 1;
    if (isLast && answer !== undefined) return answer;
  }
  const response = await sendAndDiscard(host, {
    ...baseRequest(place, signal),
    method: 'POST',
    url: `/v2/${place.repository}/blobs/uploads/`,
    what: 'POST blob upload',
    body: Buffer.alloc(0),
    expect: [202],
  });
  return { location: await nextLocation(host, response, place) };
}

/** Where the next request of an upload goes. Absolute, of the host, or relative; its query is kept byte for byte. */
export async function nextLocation(
  host: RegistryHost,
  response: IncomingMessage,
  place: Place,
  current?: URL,
): Promise<URL> {
  const { location } = response.headers;
  const base = current ?? new URL(`/v2/${place.repository}/blobs/uploads/`, await host.base(place));
  if (location === undefined && current !== undefined) return current;
  if (location !== undefined && URL.canParse(location, base.href)) return new URL(location, base);
  throw new RegistryFault('it opened an upload without saying where the data goes (no Location)', {
    place,
    code: 'protocol',
    decision: 'park',
  });
}

/** @returns undefined when the registry answered with a refusal: the upload goes on without a mount */
async function tryMount(
  host: RegistryHost,
  place: Place,
  digest: Digest,
  from: string,
  signal: AbortSignal | undefined,
): Promise<'mounted' | UploadSession | undefined> {
  try {
    const response = await sendAndDiscard(host, {
      ...baseRequest(place, signal),
      method: 'POST',
      url: `/v2/${place.repository}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      what: `POST blob mount from ${from}`,
      // Two scopes: one to push here, one to read there.
      scopes: repositoryScopes(place.repository, 'pull,push', from),
      body: Buffer.alloc(0),
      expect: [201, 202],
      attempts: 2,
    });
    return response.statusCode === 201 ? 'mounted' : { location: await nextLocation(host, response, place) };
  } catch (error) {
    signal?.throwIfAborted();
    // Quay, ECR and others refuse what they cannot mount; and a token for both repositories may not be had.
    if (error instanceof FerryError && error.decision === 'park') return undefined;
    throw error;
  }
}

function baseRequest(
  place: Place,
  signal: AbortSignal | undefined,
): Pick<RegistryRequest, 'place' | 'scopes' | 'signal'> {
  return { place, scopes: placeScopes(place), ...(signal === undefined ? {} : { signal }) };
}
