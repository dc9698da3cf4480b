import { baseRequest, openSession } from './blobs/blob-push.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import { statusesOf } from './transport/quirks.js';
import { sendAndDiscard } from './transport/registry-request.js';
import { isWebPage, notARegistry } from './transport/web-page.js';

/**
 * Requests a registry's root (distribution-spec, "Determining Support").
 *
 * @param authorized the registry must accept the credentials; otherwise any answer of a registry is enough
 * @returns its clock, UTC ms, if it sends one
 * @throws RegistryFault
 */
export async function reachRegistry(
  client: RegistryClient,
  host: string,
  {
    side,
    authorized,
    signal,
  }: { readonly side: RepositoryRef['side']; readonly authorized: boolean; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const repo: RepositoryRef = { side, host, repository: '' };
  const response = await sendAndDiscard(client.host(host), {
    repo,
    method: 'GET',
    resource: 'root',
    url: '/v2/',
    what: 'GET /v2/',
    scopes: [],
    expect: authorized ? [200] : [200, 401, 403],
    attempts: 1,
    signal,
  });
  if (isWebPage(response)) throw notARegistry(repo, 'GET /v2/', response.url);
  const clock = Date.parse(response.headers.date ?? '');
  return Number.isNaN(clock) ? undefined : clock;
}

/**
 * Checks if a repository may be pushed to: opens an upload and cancels it before a byte is sent.
 *
 * @throws RegistryFault with the reason if a push is not possible
 */
export async function tryUpload(client: RegistryClient, repo: RepositoryRef, signal: AbortSignal): Promise<void> {
  const { location, foreign } = await openSession(client, repo, signal);
  await sendAndDiscard(client.host(repo.host), {
    ...baseRequest(repo, signal),
    method: 'DELETE',
    url: location,
    foreign,
    what: 'DELETE blob upload',
    // If the registry cannot cancel the session, it expires there.
    expect: [200, 202, 204, ...statusesOf('no-cancel')],
    attempts: 1,
  });
}
