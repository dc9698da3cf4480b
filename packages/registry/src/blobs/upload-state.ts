import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault, saysCode } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { sendAndDiscard } from '../transport/registry-request.js';
import { sessionLostCodes } from './blob-commit.js';
import { baseRequest, nextSession } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import { cancelSession, goneStatuses } from './cancel-upload.js';

/**
 * What a registry says about an upload whose request broke:
 * - `open`: it goes on, and `range` says how far it is
 * - `forgotten`: it is gone
 * - `untold`: the registry does not answer such questions
 * - `failed`: it answers 500, to this question or to all
 */
export type UploadState =
  | { readonly kind: 'open'; readonly session: UploadSession; readonly range: string | undefined }
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'untold' }
  | { readonly kind: 'failed'; readonly fault: RegistryFault };

/** An upload as it is addressed at its registry. */
export interface AddressedUpload {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  readonly session: UploadSession;
  readonly signal: AbortSignal;
}

/** The client waits no longer than this until a session is cancelled. */
const cancelMs = 5_000;

/**
 * Requests the state of an upload (distribution-spec, "Pushing a blob in chunks").
 *
 * @throws RegistryFault if the registry cannot be reached, or fails otherwise
 */
export async function askUploadState({ client, repo, session, signal }: AddressedUpload): Promise<UploadState> {
  const host = client.host(repo.host);
  try {
    const response = await sendAndDiscard(host, {
      ...baseRequest(repo, signal),
      method: 'GET',
      url: session.location,
      foreign: session.foreign,
      what: 'GET blob upload',
      expect: [200, 202, 204],
    });
    const next = await nextSession(host, response, repo, session);
    return { kind: 'open', session: next, range: response.headers.range?.toString() };
  } catch (error) {
    signal.throwIfAborted();
    if (isInternalError(error)) return { kind: 'failed', fault: error };
    if (!(error instanceof RegistryFault) || error.status === undefined || error.decision !== 'block') throw error;
    const isForgotten = saysCode(error, ...sessionLostCodes) || error.status === 410;
    return { kind: isForgotten ? 'forgotten' : 'untold' };
  }
}

/**
 * Whether a registry has answered 500. It may be away as a whole, or fail on one upload for ever: what distribution has
 * written of an upload while its disk was full answers each part so afterwards, although the upload is known and says how
 * far it is. Whether another upload can be opened tells the two apart.
 */
export function isInternalError(fault: unknown): fault is RegistryFault {
  return fault instanceof RegistryFault && fault.status === 500 && fault.code !== 'target-full';
}

/** Cancels an upload that is not continued. A registry that cannot do that forgets it after a while. Never rejects. */
export async function abandonUpload({ client, repo, session }: Omit<AddressedUpload, 'signal'>): Promise<void> {
  try {
    await cancelSession(client, repo, session, { done: goneStatuses, signal: AbortSignal.timeout(cancelMs) });
  } catch (error) {
    if (!(error instanceof RegistryError) && !isTimeout(error)) throw error;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
