import type { ClientRequest, IncomingMessage } from 'node:http';

import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault, saysCode } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { BufferLease } from '../transport/buffer-pool.js';
import { isAnnounced, leaveToSend } from '../transport/expect-continue.js';
import { networkFault } from '../transport/network-fault.js';
import { isHabit } from '../transport/quirks.js';
import { maxRedirects, redirectTarget, tooManyRedirects } from '../transport/redirect-rules.js';
import { openUpload, unexpected } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';
import { discardBody } from '../transport/response-body.js';
import {
  createdStatuses,
  sessionLostCodes,
  asRetry,
  arrivedAfterAll,
  assertCommitted,
  assertStored,
  commitBlob,
  withDigest,
} from './blob-commit.js';
import type { Commitment } from './blob-commit.js';
import { baseRequest, nextSession } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import type { Blob } from './image-blobs.js';

export interface UploadHandlers {
  /** This number of bytes has left for the target; there is room for more. */
  onFlushed(bytes: number): void;
  /** The upload ended early. Called at most once, and not after `complete` or `cancel`. */
  onFailure(fault: RegistryError): void;
}

interface LeasedChunk {
  readonly chunk: Buffer;
  readonly lease: BufferLease;
}

/** The data of an upload went to the wrong URL: it is sent again, to where the redirect says. */
export class UploadRedirected extends RegistryFault {
  readonly session: UploadSession;

  constructor(message: string, { repo, session }: { readonly repo: RepositoryRef; readonly session: UploadSession }) {
    super(message, { repo, code: 'server-error', decision: 'retry' });
    this.session = session;
  }
}

/**
 * One blob in flight to one target: POST (done already), PATCH with the whole stream, and, after the caller has
 * verified the bytes, an empty PUT with the digest. Registries without PATCH get one PUT with everything, whose last
 * chunk is held back until then.
 */
export class BlobUpload {
  readonly repo: RepositoryRef;
  readonly #client: RegistryClient;
  readonly #blob: Blob;
  readonly #signal: AbortSignal;
  readonly #monolithic: boolean;
  #session: UploadSession;
  /** What the data was sent to. */
  #dataUrl: URL;
  #request: ClientRequest | undefined;
  #answer: Promise<IncomingMessage> | undefined;
  #handlers: UploadHandlers | undefined;
  #held: LeasedChunk | undefined;
  #over = false;
  #unsentBytes = 0;
  #writtenBytes = 0;
  #lastMoveAt = 0;

  constructor(
    client: RegistryClient,
    repo: RepositoryRef,
    blob: Blob,
    {
      session,
      isWhole = false,
      signal,
    }: {
      readonly session: UploadSession;
      /** It is sent by one PUT, and not by a PATCH and a PUT. */
      readonly isWhole?: boolean;
      readonly signal: AbortSignal;
    },
  ) {
    this.#client = client;
    this.repo = repo;
    this.#blob = blob;
    this.#session = session;
    this.#dataUrl = session.location;
    this.#signal = signal;
    this.#monolithic = isWhole || client.host(repo.host).monolithicUploads;
  }

  /** Bytes given to the target that it has not accepted yet, without those held back. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** When the target last accepted bytes, or had none to accept; milliseconds. */
  get lastMoveAt(): number {
    return this.#unsentBytes === 0 ? performance.now() : this.#lastMoveAt;
  }

  /**
   * Opens the request for the data, and waits until it is known whether the registry accepts this length at this URL:
   * redirects are followed before the data is sent. An empty blob needs no such request: its commit is enough.
   */
  async start(handlers: UploadHandlers): Promise<void> {
    this.#handlers = handlers;
    if (this.#blob.size === 0) return;
    for (let hops = 0; ; hops++) {
      const redirected = await this.#open();
      if (redirected === undefined) return;
      if (hops === maxRedirects) throw tooManyRedirects(this.#dataRequest());
      this.#session = redirected;
    }
  }

  /** @returns where the data must go instead; undefined if it may be sent, or the upload has failed */
  async #open(): Promise<UploadSession | undefined> {
    const host = this.#client.host(this.repo.host);
    const bytes = this.#blob.size;
    const { request, response, url } = await openUpload(host, this.#dataRequest());
    this.#dataUrl = url;
    this.#request = request;
    this.#answer = response;
    const announces = host.redirectsUploads || isAnnounced(host, bytes);
    let isWaiting = announces;
    let redirected: UploadSession | undefined;
    const answered = response
      .then(async (message) => {
        redirected = isWaiting ? this.#redirectedTo(message) : undefined;
        if (redirected === undefined) await this.#answeredEarly(message);
        else request.destroy();
      })
      .catch((error: unknown) => this.#fail(networkFault(error, this.repo, url)));
    if (announces) await leaveToSend(host, { request, answered, bytes });
    // The head is sent at once: a kept connection that is silent while the source is slow would be closed as idle.
    else request.flushHeaders();
    isWaiting = false;
    return redirected;
  }

  /** @param lease of the chunk's memory, kept until the chunk has left */
  write(chunk: Buffer, lease: BufferLease): void {
    if (this.#over || this.#request === undefined) return;
    this.#writtenBytes += chunk.length;
    lease.keep();
    if (!this.#monolithic) {
      this.#send(this.#request, { chunk, lease });
      return;
    }
    if (this.#held !== undefined) this.#send(this.#request, this.#held);
    this.#held = { chunk, lease };
  }

  /**
   * The bytes are verified: ends the data and commits.
   *
   * @throws RegistryError; `retry` where sending the blob again may help
   */
  async complete(): Promise<void> {
    const answer = this.#answer;
    if (this.#over) throw this.#interrupted();
    this.#over = true;
    if (answer !== undefined) await this.#endData(answer);
    if (answer === undefined || !this.#monolithic) await commitBlob(this.#commitment());
    this.#client.blobLocationCache.add(this.repo.host, this.repo.repository, this.#blob.digest);
  }

  /** The bytes are wrong, or no longer needed here. What was sent is never committed. */
  cancel(): void {
    this.#over = true;
    this.#request?.destroy();
  }

  #send(request: ClientRequest, { chunk, lease }: LeasedChunk): void {
    if (this.#unsentBytes === 0) this.#lastMoveAt = performance.now();
    this.#unsentBytes += chunk.length;
    request.write(chunk, (error) => {
      if (error !== null && error !== undefined) return;
      lease.release();
      this.#unsentBytes -= chunk.length;
      this.#lastMoveAt = performance.now();
      this.#handlers?.onFlushed(chunk.length);
    });
  }

  async #endData(answer: Promise<IncomingMessage>): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && this.#request !== undefined) this.#send(this.#request, held);
    this.#request?.end();
    let response: IncomingMessage;
    try {
      response = await answer;
    } catch (error) {
      this.#signal.throwIfAborted();
      return this.#endedWith(networkFault(error, this.repo, this.#dataUrl));
    }
    if (!createdStatuses.includes(response.statusCode ?? 0)) return this.#endedWith(await this.#refusal(response));
    discardBody(response);
    if (this.#monolithic) return assertCommitted(response, this.#commitment());
    assertStored(response, this.#commitment());
    const { statusCode = 0, headers } = response;
    const host = this.#client.host(this.repo.host);
    this.#session = await nextSession(host, { statusCode, headers, url: this.#dataUrl }, this.repo, this.#session);
  }

  /** The answer to a whole PUT may be lost although the blob arrived. */
  async #endedWith(fault: RegistryError): Promise<void> {
    const isRedirected = fault instanceof UploadRedirected;
    const mayHaveArrived = this.#monolithic && fault.decision === 'retry' && !isRedirected;
    if (!mayHaveArrived || !(await arrivedAfterAll(this.#commitment(), fault))) throw fault;
  }

  #commitment(): Commitment {
    return {
      client: this.#client,
      repo: this.repo,
      blob: this.#blob,
      session: this.#session,
      signal: this.#signal,
    };
  }

  #dataRequest(): RegistryRequest {
    const host = this.#client.host(this.repo.host);
    const { location, foreign, redirect } = this.#session;
    return {
      ...baseRequest(this.repo, this.#signal),
      method: this.#monolithic ? 'PUT' : 'PATCH',
      url: redirect?.url ?? (this.#monolithic ? withDigest(location, this.#blob) : location),
      foreign: redirect?.foreign ?? foreign,
      what: `${this.#monolithic ? 'PUT' : 'PATCH'} blob ${this.#blob.digest}`,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(this.#blob.size) },
      expect: createdStatuses,
      answerMs: host.timing.commitMs,
    };
  }

  /** @returns undefined where the answer is no redirect @throws RefusedRedirect */
  #redirectedTo(response: IncomingMessage): UploadSession | undefined {
    const host = this.#client.host(this.repo.host);
    const request = this.#dataRequest();
    const url = redirectTarget(host, request, this.#dataUrl, response);
    if (url === undefined) return undefined;
    host.redirectsUploads = true;
    const hasCrossed = this.#session.redirect?.foreign ?? this.#session.foreign;
    return { ...this.#session, redirect: { url, foreign: hasCrossed || url.origin !== this.#dataUrl.origin } };
  }

  /**
   * An answer while data is still being sent is a refusal: it says more than the reset that follows it. The answer to
   * the last byte may come before `complete` has been called; then it waits for that call.
   */
  async #answeredEarly(response: IncomingMessage): Promise<void> {
    const everythingWritten = this.#writtenBytes === this.#blob.size;
    if (this.#over || (everythingWritten && createdStatuses.includes(response.statusCode ?? 0))) return;
    const fault = await this.#refusal(response);
    this.#request?.destroy();
    this.#fail(fault);
  }

  async #refusal(response: IncomingMessage): Promise<RegistryError> {
    const host = this.#client.host(this.repo.host);
    const status = response.statusCode ?? 0;
    const session = this.#redirectedTo(response);
    if (session !== undefined) {
      discardBody(response);
      const message = `it redirected the data of ${this.#blob.digest} after that had been sent`;
      return new UploadRedirected(message, { repo: this.repo, session });
    }
    const fault = await unexpected(host, response, this.#dataRequest(), this.#dataUrl);
    const sessionLost = saysCode(fault, ...sessionLostCodes);
    const codes = fault.diagnostics.map(({ code }) => code);
    const answered = { method: this.#monolithic ? 'PUT' : 'PATCH', resource: 'upload', status, codes } as const;
    const noPatch = isHabit('no-patch', answered);
    if (noPatch) host.monolithicUploads = true;
    const unasked = isHabit('no-announcement', answered);
    if (unasked) host.bodyLetThrough = Infinity;
    // A lost session, an expired token, an unknown method: the blob is sent again, by PUT if necessary.
    if (sessionLost || unasked || noPatch || status === 401 || status < 400) return asRetry(fault, this.repo);
    return fault;
  }

  #fail(fault: RegistryError): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers?.onFailure(fault);
  }

  #interrupted(): RegistryFault {
    const message = `the upload of ${this.#blob.digest} was interrupted`;
    return new RegistryFault(message, { repo: this.repo, code: 'unreachable', decision: 'retry' });
  }
}
