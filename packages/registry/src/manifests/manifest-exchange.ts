import { RegistryError } from '../errors.js';
import { parseBoundedJson } from '../oci/bounded-json.js';
import { isDigest } from '../oci/digest.js';
import type { Digest } from '../oci/digest.js';
import { UnsupportedManifest, isSchema1 } from '../oci/source-manifest.js';
import type { JsonObject } from '../oci/source-manifest.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import { describeRepository } from '../repository-ref.js';
import type { RepositoryRef } from '../repository-ref.js';
import { repositoryScopes } from '../transport/authorization.js';
import type { BodyBudget } from '../transport/body-budget.js';
import { isDamagedContent, isDamagedRecord } from '../transport/damaged-record.js';
import type { AnswerHead } from '../transport/exchange.js';
import { statusesOf } from '../transport/quirks.js';
import { RefusedRedirect } from '../transport/redirect-rules.js';
import { refusesHead } from '../transport/refused-head.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { fetchBody, sendAndDiscard } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';
import { encodingLabel } from '../transport/response-body.js';
import { readDiagnostics } from '../transport/response-fault.js';
import { isWebPage, notARegistry } from '../transport/web-page.js';
import type { Content } from './content-cache.js';
import { algorithmOf, digestOf } from './content-digest.js';
import { acceptedManifests, isSchema1Type } from './media-types.js';

/** The interoperable size is 4 MiB (distribution-spec, "Pushing Manifests"); more than twice that is no manifest. */
const manifestLimitBytes = 8 * 1024 * 1024;
/** A policy forbids reading a manifest, which means that it exists. */
const policyStatuses = statusesOf('policy');

/** What the headers of a registry's answer say about a manifest (distribution-spec, "Pulling manifests"). */
export interface ManifestHead {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly size: number;
}

export interface ManifestOptions {
  readonly signal?: AbortSignal | undefined;
  /** A refusal despite a token counts as "not there". */
  readonly deniedIsAbsent?: boolean;
  /** How many attempts in all. */
  readonly attempts?: number | undefined;
  /** The budget of the image that needs the manifest; absent: nothing of it is kept. */
  readonly budget?: BodyBudget;
}

export interface HeadOptions extends ManifestOptions {
  /** The expected manifest: a registry that compares it (`If-None-Match`) then need not open the manifest. */
  readonly likely?: ManifestHead | undefined;
  /** Called when HEAD was no final answer, before GET decides. */
  readonly onUnclear?: (() => void) | undefined;
  /** It is mostly missing (children of a new image, cosign's tags): a HEAD that says so is believed. */
  readonly isRare?: boolean;
}

/** What a registry answers about a manifest. */
export type ManifestLook =
  | { readonly kind: 'there'; readonly head: ManifestHead }
  /** With the error codes of the registry. */
  | { readonly kind: 'absent'; readonly codes: readonly string[] }
  /** It refuses to answer, and gets no further requests about it (`deniedIsAbsent`). */
  | { readonly kind: 'untold'; readonly isThere: boolean };

/**
 * Resolves a tag or digest, if possible without reading the manifest; HEAD is never counted as a pull.
 *
 * @returns undefined when the registry does not have it
 * @throws RegistryFault
 */
export async function headManifestAt(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  options: HeadOptions = {},
): Promise<ManifestHead | undefined> {
  const look = await lookForManifest(client, repo, reference, options);
  return look.kind === 'there' ? look.head : undefined;
}

/**
 * The same, with the reason if there is nothing. Only a successful answer to HEAD is final: registries, proxies and
 * storages refuse HEAD with 404, 403, 400, 405, 500 or 501 and answer GET, so GET decides, as it does for docker. If a
 * target has answered a HEAD before, its "not found" is believed, and a new tag there costs no second request.
 *
 * @throws RegistryFault
 */
export async function lookForManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  options: HeadOptions = {},
): Promise<ManifestLook> {
  const host = client.host(repo.host);
  const asked = await askByHead(host, repo, reference, options);
  if (asked.look !== undefined) return asked.look;
  options.onUnclear?.();

  const { content, isDenied, isBlocked, codes } = await readManifest(client, repo, reference, options);
  if (isDenied) return { kind: 'untold', isThere: isBlocked };
  if (content === undefined) {
    if (asked.isRefused) host.doubtedHeads += 1;
    return { kind: 'absent', codes };
  }
  if (asked.isRefused) host.answersHeads = false;
  return {
    kind: 'there',
    head: { digest: content.digest, mediaType: content.mediaType, size: content.body.length },
  };
}

/** @returns undefined if GET must decide */
async function askByHead(
  host: RegistryHost,
  repo: RepositoryRef,
  reference: string,
  { likely, isRare = false, ...options }: HeadOptions,
): Promise<{ readonly look?: ManifestLook; readonly isRefused: boolean }> {
  const request = manifestRequest(repo, 'HEAD', reference, options);
  let response: AnswerHead;
  try {
    response = await sendAndDiscard(
      host,
      likely === undefined
        ? { ...request, expect: [200, 404] }
        : {
            ...request,
            headers: { ...request.headers, 'if-none-match': `"${likely.digest}"` },
            expect: [200, 304, 404],
          },
    );
  } catch (error) {
    options.signal?.throwIfAborted();
    // If only HEAD is redirected in a circle, GET may succeed; otherwise its own fault says the same.
    if (error instanceof RefusedRedirect) return { isRefused: true };
    if (!refusesHead(error)) throw error;
    // A temporary fault does not mean that the host lacks HEAD.
    return { isRefused: (error.status ?? 0) < 500 || error.status === 501 };
  }
  if (response.statusCode === 304) {
    const announced = announcedDigest(response);
    const isLikely = likely !== undefined && (announced === undefined || announced === likely.digest);
    return { ...(isLikely ? { look: { kind: 'there', head: likely } } : {}), isRefused: false };
  }
  if (response.statusCode === 200) {
    // Older registries and proxies leave the digest out: it is computed from the manifest itself.
    const head = isWebPage(response) ? undefined : readHead(response);
    if (head === undefined || isAnother(head.digest, reference)) return { isRefused: false };
    host.answersHeads ??= true;
    return { look: { kind: 'there', head }, isRefused: false };
  }
  const isBelieved = isRare ? host.answersHeads !== false : repo.side === 'target' && host.answersHeads === true;
  if (!isBelieved) return { isRefused: true };
  const look = isDenied(response)
    ? ({ kind: 'untold', isThere: false } as const)
    : ({ kind: 'absent', codes: [] } as const);
  return { look, isRefused: true };
}

/**
 * Reads a manifest and checks its digest. From then on the client's cache has it.
 *
 * @param reference tag or digest
 * @returns undefined when the registry does not have it
 * @throws RegistryFault `source-corrupt` if its bytes do not match the digest, twice; `protocol` (retry) if they are no
 *   manifest at all
 */
export async function getManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  options: ManifestOptions = {},
): Promise<Content | undefined> {
  return (await readManifest(client, repo, reference, options)).content;
}

/** The result of a GET of a manifest. */
export interface ManifestReading {
  /** Absent: it is not there, or the registry does not return it. */
  readonly content?: Content;
  /** A refusal despite a token, if that counts as an answer (`deniedIsAbsent`). */
  readonly isDenied: boolean;
  /** The refusal means that it is there: a policy forbids reading it (Harbor's 412). */
  readonly isBlocked: boolean;
  readonly codes: readonly string[];
}

/** The same with the reason why there is nothing. @throws RegistryFault like `getManifest` */
export async function readManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  options: ManifestOptions = {},
): Promise<ManifestReading> {
  for (let attempt = 1; ; attempt++) {
    const request = {
      ...manifestRequest(repo, 'GET', reference, options),
      expect: options.deniedIsAbsent === true ? [200, 404, ...policyStatuses] : [200, 404],
    };
    let answer: Awaited<ReturnType<typeof fetchBody>>;
    try {
      answer = await fetchBody(client.host(repo.host), request, manifestLimitBytes, options.budget);
    } catch (error) {
      if (isDamagedRecord(error)) return { isDenied: false, isBlocked: false, codes: [] };
      throw isDamagedContent(error) ? damagedContent(repo, reference, error) : error;
    }
    const { response, body } = answer;
    const isBlocked = policyStatuses.includes(response.statusCode ?? 0);
    if (isBlocked || response.statusCode === 404 || isDenied(response)) {
      const codes = readDiagnostics(body).map(({ code }) => code);
      return { isDenied: response.statusCode !== 404, isBlocked, codes };
    }

    const mediaType = response.headers['content-type'] ?? '';
    const expected = isDigest(reference) ? reference : announcedDigest(response);
    const digest = digestOf(body, expected === undefined ? 'sha256' : algorithmOf(expected));
    if (digest !== expected || isSchema1Type(mediaType)) {
      const json = jsonObjectIn(body);
      // The digest of schema 1 covers its signed payload, not its bytes: it cannot be checked like the others.
      if (json !== undefined && isSchema1(json)) throw schema1(repo, reference);
      const isForeign = isWebPage(response)
        ? json?.['schemaVersion'] !== 2
        : expected === undefined && json === undefined;
      if (digest !== expected && isForeign) throw notARegistry(repo, request.what, await urlOf(client, request));
    }
    if (expected === undefined || digest === expected) {
      const content = { digest, mediaType, body };
      client.contents.add(content);
      return { content, isDenied: false, isBlocked: false, codes: [] };
    }
    client.host(repo.host).mirrors.markBad(reference);
    if (attempt === 2) throw wrongBytes(repo, reference, expected, `${digest}${encodingLabel(response)}`);
  }
}

export interface StoredManifest {
  readonly isListed: boolean;
  readonly isConfirmed: boolean;
}

/**
 * Puts a manifest's own bytes under a tag or its digest.
 *
 * @param what how a fault names the manifest; its reference unless something else is better known
 * @returns whether the registry itself lists it among the referrers of its `subject` (`OCI-Subject`), and whether it
 *   says that it stored exactly these bytes
 * @throws RegistryFault `target-corrupt` when the registry stores something else
 */
export async function putManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  reference: string,
  { digest, mediaType, body }: Content,
  signal?: AbortSignal,
  what = reference,
): Promise<StoredManifest> {
  const response = await sendAndDiscard(client.host(repo.host), {
    ...manifestRequest(repo, 'PUT', reference, { signal }),
    what: `PUT manifest ${what}`,
    headers: { 'content-type': mediaType, accept: acceptedManifests },
    body,
    expect: [200, 201, 202, 204],
    answerMs: client.host(repo.host).timing.commitMs,
  });
  if (isWebPage(response)) throw notARegistry(repo, `PUT manifest ${what}`, response.url);
  const stored = announcedDigest(response);
  if (stored !== undefined && algorithmOf(stored) === algorithmOf(digest) && stored !== digest) {
    throw new RegistryFault(`it rewrote the manifest ${reference}: ${digest} was sent, and it stored ${stored}`, {
      repo,
      code: 'target-corrupt',
      decision: 'block',
    });
  }
  return { isListed: response.headers['oci-subject'] !== undefined, isConfirmed: stored === digest };
}

/** Deletes an untagged manifest that this client made. Registries that do not allow it keep the manifest. */
export async function deleteManifest(
  client: RegistryClient,
  repo: RepositoryRef,
  digest: Digest,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await sendAndDiscard(client.host(repo.host), {
      ...manifestRequest(repo, 'DELETE', digest, { attempts: 1, signal }),
      deniedIsAnswer: true,
      expect: [200, 202, 204, 404, 405],
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof RegistryError)) throw error;
  }
}

/** The digest that a registry announces; undefined if it announces none, or one of an unknown algorithm. */
export function announcedDigest(response: AnswerHead): Digest | undefined {
  const header = response.headers['docker-content-digest'];
  return typeof header === 'string' && isDigest(header) ? header : undefined;
}

/** The answer is about another manifest than the requested digest (a cache, or a server that answers everything). */
function isAnother(found: Digest, reference: string): boolean {
  return isDigest(reference) && found !== reference && algorithmOf(found) === algorithmOf(reference);
}

function isDenied({ statusCode }: AnswerHead): boolean {
  return statusCode === 401 || statusCode === 403;
}

function jsonObjectIn(body: Buffer): JsonObject | undefined {
  try {
    const json = parseBoundedJson(body.toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function schema1(repo: RepositoryRef, reference: string): UnsupportedManifest {
  return new UnsupportedManifest(
    `${describeRepository(repo)} has ${reference} only as a Docker schema 1 manifest, a form that registries no longer take: its publisher has to push it again`,
  );
}

async function urlOf(client: RegistryClient, { repo, url }: Pick<RegistryRequest, 'repo' | 'url'>): Promise<URL> {
  return new URL(url, await client.host(repo.host).base(repo));
}

function readHead(response: AnswerHead): ManifestHead | undefined {
  const digest = announcedDigest(response);
  const mediaType = response.headers['content-type'];
  const length = response.headers['content-length'];
  if (digest === undefined || mediaType === undefined || length === undefined) return undefined;
  return { digest, mediaType: (mediaType.split(';')[0] ?? '').trim(), size: Number(length) };
}

function manifestRequest(
  repo: RepositoryRef,
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE',
  reference: string,
  { signal, deniedIsAbsent = false, attempts }: ManifestOptions,
): Omit<RegistryRequest, 'expect'> {
  return {
    repo,
    method,
    resource: 'manifest',
    url: `/v2/${repo.repository}/manifests/${reference}`,
    what: `${method} manifest ${reference}`,
    scopes: scopesOf(repo),
    headers: { accept: acceptedManifests },
    deniedIsAnswer: deniedIsAbsent,
    ...(repo.side === 'source' ? { pull: method === 'GET' ? 'counted' : 'free' } : {}),
    attempts,
    signal,
  };
}

/** One token serves every request of a copy on a target, including the first one that only reads. */
export function scopesOf({ side, repository }: RepositoryRef): readonly string[] {
  return repositoryScopes(repository, side === 'source' ? 'pull' : 'pull,push');
}

function damagedContent(repo: RepositoryRef, reference: string, cause: unknown): RegistryFault {
  return new RegistryFault(
    `the manifest ${reference} is damaged in its storage, which does not write it again: remove ${fileOf(reference)} there, restart the registry, which may remember that it was there, then retry`,
    { repo, code: 'target-corrupt', decision: 'block', cause },
  );
}

/** Where distribution keeps a manifest. */
function fileOf(reference: string): string {
  if (!isDigest(reference)) return `the file of the manifest that this tag points to (blobs/sha256/…/data)`;
  const [algorithm = '', hex = ''] = reference.split(':');
  return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

function wrongBytes(repo: RepositoryRef, reference: string, expected: Digest, found: string): RegistryFault {
  return new RegistryFault(
    `the manifest ${reference} is not what it should be: expected ${expected}, its bytes are ${found}, twice`,
    { repo, code: repo.side === 'source' ? 'source-corrupt' : 'target-corrupt', decision: 'block' },
  );
}
