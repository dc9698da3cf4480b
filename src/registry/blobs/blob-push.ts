import type { AnswerHead } from '../transport/exchange.js';
import type { Blob } from './image-blobs.js';
import { placeScopes } from '../manifests/manifest-exchange.js';
import type { Place } from '../place.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';

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

/** Opens an upload (distribution-spec, "Pushing blobs"). @throws RegistryFault */
export async function openSession(client: RegistryClient, place: Place, signal?: AbortSignal): Promise<UploadSession> {
  const host = client.host(place.host);
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
  response: AnswerHead,
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

/** What every request for a target's blobs has. */
export function baseRequest(
  place: Place,
  signal: AbortSignal | undefined,
): Pick<RegistryRequest, 'place' | 'scopes' | 'signal'> {
  return { place, scopes: placeScopes(place), ...(signal === undefined ? {} : { signal }) };
}
