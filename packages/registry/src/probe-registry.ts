import { openSession } from './blobs/blob-push.js';
import { cancelSession } from './blobs/cancel-upload.js';
import type { RegistryClient } from './registry-client.js';
import type { RepositoryRef } from './repository-ref.js';
import type { LocatedAnswer } from './transport/exchange.js';
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
  const response = await requestRoot(client, repo, authorized ? [200] : [200, 401, 403], signal);
  if (isWebPage(response)) throw notARegistry(repo, 'GET /v2/', response.url);
  const clock = Date.parse(response.headers.date ?? '');
  return Number.isNaN(clock) ? undefined : clock;
}

/**
 * Requests a registry's root once.
 *
 * @param expect statuses that are answers
 * @throws RegistryFault
 */
export async function requestRoot(
  client: RegistryClient,
  repo: RepositoryRef,
  expect: readonly number[],
  signal: AbortSignal,
): Promise<LocatedAnswer> {
  return await sendAndDiscard(client.host(repo.host), {
    repo,
    method: 'GET',
    resource: 'root',
    url: '/v2/',
    what: 'GET /v2/',
    scopes: [],
    expect,
    attempts: 1,
    signal,
  });
}

/**
 * Checks if a repository may be pushed to: opens an upload and cancels it before a byte is sent.
 *
 * @throws RegistryFault with the reason if a push is not possible
 */
export async function tryUpload(client: RegistryClient, repo: RepositoryRef, signal: AbortSignal): Promise<void> {
  await cancelSession(client, repo, await openSession(client, repo, signal), { signal });
}
