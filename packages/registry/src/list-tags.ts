import { nextPageQuery } from './next-page.js';
import { parseBoundedJson } from './oci/bounded-json.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault, saysCode } from './registry-errors.js';
import type { RepositoryRef } from './repository-ref.js';
import { requestTags } from './request-tags.js';

const tagsAPage = 1_000;
/** 200,000 tags: more than any repository has, and a limit for an answer that never ends. */
const mostPages = 200;
const mostTags = tagsAPage * mostPages;
const pageLimitBytes = 8 * 1024 * 1024;
/** Limit over all pages; tags have at most 128 characters. */
const listLimitBytes = 32 * 1024 * 1024;

/**
 * listTags lists the tags of a repository over all pages (distribution-spec, "Listing Tags"), at most 200,000.
 *
 * @param repository `host` with port and `path` without the host, as in an {@link ImageReference}
 * @param options.signal ends it; the promise is rejected with its reason
 * @returns the tags in the registry's order, which is not defined
 * @throws RegistryFault; code `repository-missing` when the registry does not have the repository
 */
export async function listTags(
  client: RegistryClient,
  { host, path }: { readonly host: string; readonly path: string },
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly string[]> {
  const repo: RepositoryRef = { side: 'source', host, repository: path };
  const tags: string[] = [];
  let bytes = 0;
  const asked = new Set<string>();
  let query: string | undefined = `n=${tagsAPage}`;
  while (query !== undefined && !asked.has(query)) {
    asked.add(query);
    if (asked.size > mostPages) throw endless(repo, `${mostPages} pages`);
    const page = await listPage(client, repo, query, signal);
    bytes += page.bytes;
    if (bytes > listLimitBytes) throw endless(repo, `${listLimitBytes} bytes`);
    if (tags.length + page.tags.length > mostTags) throw endless(repo, `${mostTags} tags`);
    for (const tag of page.tags) tags.push(tag);
    query = page.next;
  }
  return tags;
}

async function listPage(client: RegistryClient, repo: RepositoryRef, query: string, signal: AbortSignal | undefined) {
  const { response, body } = await requestPage(client, repo, query, signal);
  const next = nextPageQuery(response.headers['link']);
  return { tags: readTags(body, repo), bytes: body.length, next };
}

async function requestPage(
  client: RegistryClient,
  repo: RepositoryRef,
  query: string,
  signal: AbortSignal | undefined,
): ReturnType<typeof requestTags> {
  try {
    return await requestTags(client, repo, { query, limitBytes: pageLimitBytes, signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof RegistryFault) || error.status !== 404) throw error;
    const isNamed = saysCode(error, 'NAME_UNKNOWN', 'NAME_INVALID');
    throw new RegistryFault(`it does not have this repository${isNamed ? '' : ', or lists no tags'}`, {
      repo,
      code: 'repository-missing',
      decision: 'block',
      status: 404,
      cause: error,
    });
  }
}

function readTags(body: Buffer, repo: RepositoryRef): readonly string[] {
  let json: unknown;
  try {
    json = parseBoundedJson(body.toString('utf8'));
  } catch {
    json = undefined;
  }
  const tags: unknown = typeof json === 'object' && json !== null && 'tags' in json ? json.tags : undefined;
  // Registries answer null if a repository has lost its last tag.
  if (tags === null) return [];
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  throw new RegistryFault('its list of tags is not one: expected {"tags": ["…"]}', {
    repo,
    code: 'protocol',
    decision: 'block',
  });
}

function endless(repo: RepositoryRef, most: string): RegistryFault {
  return new RegistryFault(`its list of tags has no end after ${most}`, {
    repo,
    code: 'protocol',
    decision: 'block',
  });
}
