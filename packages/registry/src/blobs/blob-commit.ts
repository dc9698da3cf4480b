import { RegistryError } from '../errors.js';
import { algorithmOf } from '../manifests/content-digest.js';
import { announcedDigest } from '../manifests/manifest-exchange.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault, saysCode } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { isTimeOut } from '../transport/exchange.js';
import type { AnswerHead, LocatedAnswer } from '../transport/exchange.js';
import { codesOf, isHabit, statusesOf } from '../transport/quirks.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import { backoff, rest } from '../transport/retrying.js';
import { isWebPage } from '../transport/web-page.js';
import { hasBlob, lookForBlob } from './blob-presence.js';
import { baseRequest } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import type { Blob } from './image-blobs.js';

const maxCommitAttempts = 4;
/** Looks for a blob that the registry may still process, over 45 seconds: sending it again takes longer. */
const patientChecks = 8;
/** Looks for a blob that a registry says it has stored, for a few seconds in all. */
const commitChecks = 5;
/** The specification says 201 to PUT and 202 to PATCH. */
export const createdStatuses = statusesOf('stored');
/** The session is gone for good: the blob is sent again, in a new one. */
export const sessionLostCodes = codesOf('upload-lost');

/** A blob whose bytes have all reached the registry; one request is missing to commit it. */
export interface Commitment {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  readonly blob: Blob;
  readonly session: Pick<UploadSession, 'location' | 'foreign'>;
  readonly signal: AbortSignal;
}

/**
 * Sends the empty PUT with the digest. Object storage may take minutes here, and proxies time out earlier: what counts
 * in the end is whether the blob is there.
 *
 * @throws RegistryError; `retry` where sending the blob again may help
 */
export async function commitBlob(commitment: Commitment): Promise<void> {
  const { repo, blob, signal } = commitment;
  for (let attempt = 1; ; attempt++) {
    try {
      await assertCommitted(await putDigest(commitment), commitment);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      // The session ended with that answer: only sending the blob again may help.
      if (error instanceof RegistryFault && error.status === 201) throw error;
      if (saysCode(error, 'DIGEST_INVALID', 'SIZE_INVALID')) throw arrivedWrong(repo, blob, error);
      const sessionLost = saysCode(error, ...sessionLostCodes);
      if (error.decision === 'block' && !sessionLost && !pointsElsewhere(error)) throw error;
      if (await arrivedAfterAll(commitment, error, attempt)) return;
      if (sessionLost) throw asRetry(error, repo);
      if (attempt === maxCommitAttempts) throw error;
    }
  }
}

/**
 * Checks if the blob is there although its commit failed. Repeats the check if the registry may only be slow. No answer
 * counts as no.
 */
export async function arrivedAfterAll(
  { client, repo, blob, signal }: Commitment,
  fault: RegistryError,
  attempt = 1,
): Promise<boolean> {
  const { timing } = client.host(repo.host);
  const looks = mayBeAtWork(fault) ? patientChecks : 1;
  try {
    for (let look = 0; look < looks; look++) {
      const pauseMs = backoff(attempt + look, timing);
      await rest(look === 0 ? Math.min(fault.retryAfterMs ?? pauseMs, timing.longestPauseMs) : pauseMs, signal);
      if (await hasBlob(client, repo, blob, { signal, attempts: 2 })) return true;
    }
    return false;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) return false;
    throw error;
  }
}

/** A proxy, or this client, stopped waiting: the registry may still process the blob. */
function mayBeAtWork(fault: RegistryError): boolean {
  if (!(fault instanceof RegistryFault)) return false;
  const { status, cause } = fault;
  if (status === undefined) return isTimeOut(cause);
  return isHabit('still-storing', { method: 'PUT', resource: 'upload', status });
}

/**
 * A 201 with the digest means that the blob is there, after one such answer of the host was checked. Other answers (201
 * without a digest, 200, 202, 204, a web page of a portal) are checked by HEAD: not every registry checks a manifest's
 * blobs later. Only an answer that the blob is missing counts against it.
 *
 * @throws RegistryFault
 */
export async function assertCommitted(response: AnswerHead, commitment: Commitment): Promise<void> {
  assertStored(response, commitment);
  const { client, repo, blob } = commitment;
  const host = client.host(repo.host);
  const isCreated = response.statusCode === 201 && !isWebPage(response);
  const isConfirmed = isCreated && announcedDigest(response) === blob.digest;
  // Many small blobs are committed at the same time: one look is enough for all of them.
  if (isConfirmed && !host.commitsProven) await host.commitProof;
  if (isConfirmed && host.commitsProven) return;
  const look = assertVisible(response, commitment, isCreated);
  if (isConfirmed) {
    host.commitProof = look.then(
      () => {},
      () => {},
    );
  }
  await look;
}

async function assertVisible(
  response: AnswerHead,
  { client, repo, blob, signal }: Commitment,
  isCreated: boolean,
): Promise<void> {
  const host = client.host(repo.host);
  // A registry may need a moment before it shows what it has stored.
  for (let look = 1; look <= (isCreated ? commitChecks : 1); look++) {
    if (look > 1) await rest(backoff(look - 1, host.timing), signal);
    const presence = await lookForBlob(client, repo, blob, { isLikely: true, signal });
    host.commitsProven ||= presence === 'there';
    if (presence !== 'absent') return;
  }
  const message = `it answered ${response.statusCode ?? 0} to PUT blob ${blob.digest}, but the blob is not there`;
  const status = isCreated ? { status: 201 } : {};
  throw new RegistryFault(message, { repo, code: 'server-error', decision: 'retry', ...status });
}

/** @throws RegistryFault when the registry says that it stored something else */
export function assertStored(
  response: AnswerHead,
  { repo, blob: { digest } }: Pick<Commitment, 'repo' | 'blob'>,
): void {
  const stored = response.statusCode === 201 ? announcedDigest(response) : undefined;
  if (stored === undefined || stored === digest) return;
  if (algorithmOf(stored) === algorithmOf(digest)) {
    const message = `it stored ${stored} where ${digest} was sent`;
    throw new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'block' });
  }
  const message = `it stored the blob ${digest} as ${stored}: it does not know this algorithm, so no image with it can be there`;
  throw new RegistryFault(message, { repo, code: 'manifest-unsupported', decision: 'block' });
}

/** The session's location with the digest; the query that the registry put into it stays byte for byte. */
export function withDigest(location: URL, { digest }: Blob): URL {
  const url = new URL(location);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/** The same fault, to be retried if sending the whole blob again may help. */
export function asRetry(fault: RegistryError, repo: RepositoryRef): RegistryFault {
  const { status, diagnostics } = fault instanceof RegistryFault ? fault : { status: undefined, diagnostics: [] };
  const reason = fault instanceof RegistryFault ? fault.reason : fault.message;
  return new RegistryFault(reason, {
    repo,
    code: fault.code === 'repository-missing' || fault.code === 'protocol' ? 'server-error' : fault.code,
    decision: 'retry',
    diagnostics,
    cause: fault,
    status,
  });
}

/** A redirect as the answer to a commit may mean that the blob is there. */
function pointsElsewhere(fault: RegistryError): boolean {
  if (!(fault instanceof RegistryFault)) return false;
  return isHabit('points-elsewhere', { method: 'PUT', resource: 'upload', status: fault.status ?? 0 });
}

function putDigest({ client, repo, blob, session, signal }: Commitment): Promise<LocatedAnswer> {
  const host = client.host(repo.host);
  return sendAndDiscard(host, {
    ...baseRequest(repo, signal),
    method: 'PUT',
    url: withDigest(session.location, blob),
    foreign: session.foreign,
    what: `PUT blob ${blob.digest}`,
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.alloc(0),
    expect: createdStatuses,
    answerMs: host.timing.commitMs,
    attempts: 1,
  });
}

function arrivedWrong(repo: RepositoryRef, { digest }: Blob, cause: RegistryError): RegistryFault {
  const message = `it says that ${digest} arrived with other bytes than were sent`;
  return new RegistryFault(message, { repo, code: 'target-corrupt', decision: 'retry', cause });
}
