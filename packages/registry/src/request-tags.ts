import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import type { RepositoryRef } from './repository-ref.js';
import { repositoryScopes } from './transport/authorization.js';
import type { AnswerHead } from './transport/exchange.js';
import { isHabit } from './transport/quirks.js';
import { fetchBody } from './transport/registry-request.js';

export interface TagsRequest {
  /** `n=1000`, or the query of a page that the registry named itself. */
  readonly query: string;
  readonly limitBytes: number;
  readonly attempts?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Requests one page of a repository's tags. A registry may refuse a page of this size (`refuses-page` of `quirks.ts`):
 * then the page is requested without a size, and the registry chooses.
 *
 * @throws RegistryFault
 */
export async function requestTags(
  client: RegistryClient,
  repo: RepositoryRef,
  { query, limitBytes, attempts, signal }: TagsRequest,
): Promise<{ readonly response: AnswerHead; readonly body: Buffer }> {
  const request = {
    repo,
    method: 'GET',
    resource: 'tags',
    what: 'GET the list of tags',
    scopes: repositoryScopes(repo.repository, 'pull'),
    headers: { accept: 'application/json' },
    expect: [200],
    attempts,
    signal,
  } as const;
  const host = client.host(repo.host);
  const url = `/v2/${repo.repository}/tags/list`;
  try {
    return await fetchBody(host, { ...request, url: `${url}?${query}` }, limitBytes);
  } catch (error) {
    signal?.throwIfAborted();
    if (!/^n=\d+$/.test(query) || !mayMeanTheSize(error)) throw error;
    return fetchBody(host, { ...request, url }, limitBytes);
  }
}

/** Rights, limits, an unknown name and faults of a token service do not depend on a page's size. */
function mayMeanTheSize(error: unknown): boolean {
  if (!(error instanceof RegistryFault) || error.status === undefined || error.resource !== 'tags') return false;
  const { resource, status } = error;
  if (!isHabit('refuses-page', { method: 'GET', resource, status })) return false;
  const isClear = ['rate-limited', 'denied', 'unauthorized'].includes(error.code) || error.decision === 'wait';
  return !isClear && !error.diagnostics.some(({ code }) => code === 'NAME_UNKNOWN' || code === 'NAME_INVALID');
}
