import type { MirrorSettings } from '../client-options.js';
import { RegistryError } from '../errors.js';
import { isDigest } from '../oci/digest.js';
import type { RepositoryRef } from '../repository-ref.js';
import { repositoryScopes } from './authorization.js';
import type { Mirror } from './mirror-list.js';
import type { Followed } from './redirects.js';
import { refusesHead } from './refused-head.js';
import type { RegistryHost } from './registry-host.js';
import type { RegistryRequest } from './request-options.js';
import { discardBody } from './response-body.js';
import { isWebPage, notARegistry } from './web-page.js';

/** An answer, and what another request for the same content needs. */
export interface Reply extends Followed {
  /** The registry or mirror that was asked. */
  readonly host: RegistryHost;
  /** The request as it was sent there. */
  readonly request: RegistryRequest;
}

/** Sends a request to one host, once. */
export type SendOnce = (host: RegistryHost, request: RegistryRequest) => Promise<Reply>;

/** @returns the answer of the first mirror of the source that has it; undefined: the source itself must be queried */
export async function readFromMirror(
  source: RegistryHost,
  request: RegistryRequest,
  send: SendOnce,
): Promise<Reply | undefined> {
  if (source.mirrors.isEmpty) return undefined;
  const reference = referenceOf(request);
  if (reference === undefined) return undefined;
  for (const mirror of source.mirrors.candidates(reference)) {
    try {
      const answer = await readFrom(mirror, request, send);
      if (answer !== undefined) return answer;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      // It may lack this repository, not show it to us, or not know HEAD: no reason to skip the mirror.
      const isSpared = ['denied', 'unauthorized', 'repository-missing'].includes(error.code);
      if (!isSpared && !(request.method === 'HEAD' && refusesHead(error))) source.mirrors.rest(mirror, error);
    }
  }
  return undefined;
}

/** Content came wrong or incomplete. @returns whether a mirror may have sent it, so that another request may help */
export function markMirrorsBad({ mirrors }: RegistryHost, request: RegistryRequest): boolean {
  const reference = referenceOf(request);
  return reference !== undefined && mirrors.markBad(reference);
}

/** @returns undefined if the mirror does not have it */
async function readFrom(
  { host: hostOf, settings }: Mirror<RegistryHost>,
  request: RegistryRequest,
  send: SendOnce,
): Promise<Reply | undefined> {
  const host = hostOf();
  const there = atMirror(request, settings);
  const reply = await send(host, there);
  const { response } = reply;
  const { statusCode } = response;
  if (!isWebPage(response) && (statusCode === 200 || statusCode === 206)) return reply;
  discardBody(response);
  if (isWebPage(response)) throw notARegistry(there.repo, there.what, await host.base(there.repo));
  return undefined;
}

/** The digest or tag that a request reads from a source; undefined if no mirror serves such a request. */
function referenceOf({ repo, method, url }: RegistryRequest): string | undefined {
  if (repo.side !== 'source' || (method !== 'GET' && method !== 'HEAD') || typeof url !== 'string') return undefined;
  const [, kind, reference] = /\/(manifests|blobs)\/([^/?]+)$/.exec(url) ?? [];
  return kind === 'blobs' && !isDigest(reference ?? '') ? undefined : reference;
}

function atMirror(request: RegistryRequest, { host, prefix }: MirrorSettings): RegistryRequest {
  const { repo, url } = request;
  const repository = prefix === undefined ? repo.repository : `${prefix}/${repo.repository}`;
  const there: RepositoryRef = { ...repo, host, repository };
  const { pull: _countedByTheOrigin, deniedIsAnswer: _denied, ...rest } = request;
  return {
    ...rest,
    repo: there,
    url: String(url).replace(`/v2/${repo.repository}/`, `/v2/${repository}/`),
    scopes: repositoryScopes(repository, 'pull'),
  };
}
