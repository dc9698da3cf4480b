import { getManifest, scopesOf } from '../manifests/manifest-exchange.js';
import { nextPageQuery } from '../next-page.js';
import { parseBoundedJson } from '../oci/bounded-json.js';
import { isDigest } from '../oci/digest.js';
import type { Digest } from '../oci/digest.js';
import type { JsonObject } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { BodyBudget } from '../transport/body-budget.js';
import { statusesOf } from '../transport/quirks.js';
import { fetchBody } from '../transport/registry-request.js';

const indexType = 'application/vnd.oci.image.index.v1+json';
const pageLimitBytes = 8 * 1024 * 1024;
/** Over all pages. An image takes at most 200 referrers along (`required-referrers.ts`); a longer list is hostile. */
const listLimitBytes = 8 * 1024 * 1024;
const maxListed = 10_000;
const maxPages = 50;
/** The answers of registries without the API; the tag then decides, also about rights. */
const noApiStatuses = statusesOf('no-referrers');

/** The fallback tag for the Referrers API (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  const [algorithm = '', encoded = ''] = subject.split(':');
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`;
}

export interface ListBounds {
  /** The budget of the image whose referrers these are; absent: only their digests are kept. */
  readonly budget?: BodyBudget;
  readonly signal: AbortSignal;
}

/**
 * Lists the digests of the manifests that refer to one: by the Referrers API, page by page, or by its fallback tag.
 *
 * @throws RegistryFault; `protocol` (block) if the list is longer than any real one
 */
export async function listReferrers(
  client: RegistryClient,
  repo: RepositoryRef,
  subject: Digest,
  bounds: ListBounds,
): Promise<readonly Digest[]> {
  const listed = await listByApi(client, repo, subject, bounds);
  if (listed !== undefined) return listed;
  const tag = await getManifest(client, repo, referrersTag(subject), {
    ...bounds,
    deniedIsAbsent: repo.side === 'target',
  });
  const digests = tag === undefined ? [] : digestsOf(readIndex(tag.body) ?? {});
  if (digests.length > maxListed) throw endless(repo, subject, `${maxListed} entries`);
  return digests;
}

async function listByApi(
  client: RegistryClient,
  repo: RepositoryRef,
  subject: Digest,
  { budget, signal }: ListBounds,
): Promise<readonly Digest[] | undefined> {
  const host = client.host(repo.host);
  const digests = new Set<Digest>();
  let bytes = 0;
  const asked = new Set<string>();
  for (let query: string | undefined = ''; query !== undefined && !asked.has(query);) {
    asked.add(query);
    if (asked.size > maxPages) throw endless(repo, subject, `${maxPages} pages`);
    const { response, body } = await fetchBody(
      host,
      {
        repo,
        method: 'GET',
        resource: 'referrers',
        url: `/v2/${repo.repository}/referrers/${subject}${query === '' ? '' : `?${query}`}`,
        what: `GET referrers of ${subject}`,
        scopes: scopesOf(repo),
        headers: { accept: indexType },
        expect: [200, ...noApiStatuses.filter((status) => status !== 401)],
        deniedIsAnswer: true,
        signal,
      },
      pageLimitBytes,
      budget,
    );
    const index = response.statusCode === 200 ? readIndex(body) : undefined;
    // A page of HTML with status 200 is no list either.
    if (index === undefined && asked.size === 1) return undefined;
    if (index === undefined) throw brokenOff(repo, subject);
    for (const digest of digestsOf(index)) digests.add(digest);
    bytes += body.length;
    if (bytes > listLimitBytes) throw endless(repo, subject, `${listLimitBytes} bytes`);
    if (digests.size > maxListed) throw endless(repo, subject, `${maxListed} entries`);
    query = nextPageQuery(response.headers['link']);
  }
  return [...digests];
}

/** @returns undefined when it is no index */
export function readIndex(body: Buffer): JsonObject | undefined {
  try {
    const json = parseBoundedJson(body.toString('utf8'));
    return typeof json === 'object' && json !== null && 'manifests' in json && Array.isArray(json.manifests)
      ? json
      : undefined;
  } catch {
    return undefined;
  }
}

/** The digests that an index lists, each once. */
export function digestsOf(index: JsonObject): readonly Digest[] {
  const entries = (index['manifests'] ?? []) as readonly unknown[];
  const digests = entries.flatMap((entry) => {
    const digest: unknown = typeof entry === 'object' && entry !== null && 'digest' in entry ? entry.digest : undefined;
    return typeof digest === 'string' && isDigest(digest) ? [digest] : [];
  });
  return [...new Set(digests)];
}

function brokenOff(repo: RepositoryRef, subject: Digest): RegistryFault {
  return new RegistryFault(`its list of referrers of ${subject} breaks off after a page`, {
    repo,
    code: 'protocol',
    decision: 'retry',
  });
}

/** @param most the limit that it exceeds: `50 pages` */
export function endless(repo: RepositoryRef, subject: Digest, most: string): RegistryFault {
  const message = `its list of referrers of ${subject} has no end after ${most}; the image alone can be copied without them`;
  return new RegistryFault(message, { repo, code: 'protocol', decision: 'block' });
}
