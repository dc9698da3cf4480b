import type { LocatedAnswer } from '../transport/exchange.js';
import { placeScopes } from '../manifests/manifest-exchange.js';
import type { Place } from '../place.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';

/** Where the data of an opened upload goes next: it changes with every answer. */
export interface UploadSession {
  readonly location: URL;
  /** The location is on an origin that a redirect chose. */
  readonly foreign: boolean;
  /** Where a redirect sends the data itself; absent: to the location. */
  readonly redirect?: { readonly url: URL; readonly foreign: boolean };
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
  return nextSession(host, response, place);
}

/**
 * Where the next request of an upload goes. Absolute, of the host, or relative to what answered; its query is kept byte
 * for byte. What an origin answers to which a redirect moved the upload is meant as it says: that is not the registry
 * behind a proxy that forgets a port.
 */
export async function nextSession(
  host: RegistryHost,
  { headers: { location }, url: answeredAt }: LocatedAnswer,
  place: Place,
  current?: UploadSession,
): Promise<UploadSession> {
  if (location === undefined && current !== undefined) return { location: current.location, foreign: current.foreign };
  if (location !== undefined && URL.canParse(location, answeredAt.href)) {
    const next = new URL(location, answeredAt);
    const base = await host.base(place);
    return { location: next, foreign: next.origin === answeredAt.origin && next.origin !== base.origin };
  }
  throw new RegistryFault('it opened an upload without saying where the data goes (no Location)', {
    place,
    code: 'protocol',
    decision: 'park',
  });
}

/** What every request of an upload has. */
export function baseRequest(
  place: Place,
  signal: AbortSignal | undefined,
): Pick<RegistryRequest, 'place' | 'resource' | 'scopes' | 'signal'> {
  return { place, resource: 'upload', scopes: placeScopes(place), ...(signal === undefined ? {} : { signal }) };
}
