import { scopesOf } from '../manifests/manifest-exchange.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { LocatedAnswer } from '../transport/exchange.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';

/** Where the data of an open upload goes next: it changes with every answer. */
export interface UploadSession {
  readonly location: URL;
  /** The location is on an origin that a redirect chose. */
  readonly foreign: boolean;
  /** Where a redirect sends the data itself; absent: to the location. */
  readonly redirect?: { readonly url: URL; readonly foreign: boolean };
}

/** Opens an upload (distribution-spec, "Pushing blobs"). @throws RegistryFault */
export async function openSession(
  client: RegistryClient,
  repo: RepositoryRef,
  signal?: AbortSignal,
): Promise<UploadSession> {
  const host = client.host(repo.host);
  const response = await sendAndDiscard(host, {
    ...baseRequest(repo, signal),
    method: 'POST',
    url: `/v2/${repo.repository}/blobs/uploads/`,
    what: 'POST blob upload',
    body: Buffer.alloc(0),
    expect: [202],
  });
  const least = Number(response.headers['oci-chunk-min-length']);
  if (Number.isSafeInteger(least) && least > 0) host.uploadHabits.learn({ leastChunkBytes: least });
  return nextSession(host, response, repo);
}

/**
 * Resolves the URL of an upload's next request. The location is absolute, of the host, or relative to the URL that
 * answered; its query is kept byte for byte. If a redirect moved the upload to another origin, that origin's answer is
 * taken literally: it is not the registry behind a proxy that forgets a port.
 */
export async function nextSession(
  host: RegistryHost,
  { headers: { location, server }, url: answeredAt }: LocatedAnswer,
  repo: RepositoryRef,
  current?: UploadSession,
): Promise<UploadSession> {
  host.uploadHabits.answeredBy(server?.toString());
  if (location === undefined && current !== undefined) return { location: current.location, foreign: current.foreign };
  if (location !== undefined && URL.canParse(location, answeredAt.href)) {
    const next = new URL(location, answeredAt);
    const base = await host.base(repo);
    return { location: next, foreign: next.origin === answeredAt.origin && next.origin !== base.origin };
  }
  throw new RegistryFault('it opened an upload without saying where the data goes (no Location)', {
    repo,
    code: 'protocol',
    decision: 'block',
  });
}

/** What every request of an upload needs. */
export function baseRequest(
  repo: RepositoryRef,
  signal: AbortSignal | undefined,
): Pick<RegistryRequest, 'repo' | 'resource' | 'scopes' | 'signal'> {
  return { repo, resource: 'upload', scopes: scopesOf(repo), signal };
}
