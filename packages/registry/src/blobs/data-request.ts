import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { asError } from '../transport/exchange.js';
import { isAnnounced, leaveToSend } from '../transport/expect-continue.js';
import { networkFault } from '../transport/network-fault.js';
import { maxRedirects, redirectTarget, tooManyRedirects } from '../transport/redirect-rules.js';
import { openUpload } from '../transport/registry-request.js';
import type { RegistryRequest } from '../transport/request-options.js';
import { createdStatuses, withDigest } from './blob-commit.js';
import { baseRequest } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import type { Blob } from './image-blobs.js';

/** The bytes of a blob from `start` to the one before `end`, and how they are sent. */
export interface DataPart {
  readonly client: RegistryClient;
  readonly repo: RepositoryRef;
  readonly blob: Blob;
  readonly session: UploadSession;
  readonly start: number;
  readonly end: number;
  /** One PUT with the whole blob, or a PATCH. */
  readonly method: 'PUT' | 'PATCH';
  /** On a connection that nothing else has used: some lines break after a number of bytes. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
}

/** Bytes of uploads that each connection has carried in whole requests. */
const carriedBytes = new WeakMap<Socket, number>();

/** The data went to the wrong URL: it is sent again, to where the redirect says. */
export class UploadRedirected extends RegistryFault {
  readonly session: UploadSession;

  constructor(message: string, { repo, session }: { readonly repo: RepositoryRef; readonly session: UploadSession }) {
    super(message, { repo, code: 'server-error', decision: 'retry' });
    this.session = session;
  }
}

/** One request with data of an upload, open for its bytes. */
export class DataRequest {
  readonly part: DataPart;
  /** What answers: redirects that came before the data were followed. */
  readonly url: URL;
  /** The head of the answer. It may come before all data is sent: that is a refusal. */
  readonly answer: Promise<IncomingMessage>;
  readonly #request: ClientRequest;
  #left: number;
  #isAnswered = false;

  private constructor(part: DataPart, { url, request, answer }: OpenedRequest) {
    this.part = part;
    this.url = url;
    this.answer = answer;
    this.#request = request;
    this.#left = part.end - part.start;
    void answer.then(
      () => {
        this.#isAnswered = true;
      },
      () => {},
    );
  }

  /**
   * Opens the request, and waits until it is known whether the registry accepts this length at this URL: redirects are
   * followed before the data is sent.
   *
   * @throws RegistryError, or node's error for a broken connection
   */
  static async open(part: DataPart): Promise<DataRequest> {
    let { session } = part;
    for (let hops = 0; ; hops++) {
      const current = { ...part, session };
      const { opened, redirected } = await open(current);
      if (redirected === undefined) return new DataRequest(current, opened);
      if (hops === maxRedirects) throw tooManyRedirects(requestOf(current));
      session = redirected;
    }
  }

  /** The answer came before the data: it is refused. */
  get isRefused(): boolean {
    return this.#isAnswered && !this.isWhole;
  }

  /** Everything has been written. */
  get isWhole(): boolean {
    return this.#left === 0;
  }

  /** Bytes that its connection has carried in whole requests, those before this one included. */
  get carried(): number {
    const { socket } = this.#request;
    return socket === null ? 0 : (carriedBytes.get(socket) ?? 0);
  }

  /** It was answered with success. */
  succeeded(): void {
    const { socket } = this.#request;
    if (socket !== null) carriedBytes.set(socket, this.carried + this.part.end - this.part.start);
  }

  /** @param onFlushed called when the bytes have left, unless the connection breaks first */
  write(bytes: Buffer, onFlushed: () => void): void {
    this.#left -= bytes.length;
    this.#request.write(bytes, (error) => {
      if (error === null || error === undefined) onFlushed();
    });
    if (this.#left === 0) this.#request.end();
  }

  /**
   * Resets the connection: bytes that wait to be sent would still reach the registry, and move the upload's offset after
   * the registry has named it.
   *
   * @param reason what `answer` rejects with
   */
  destroy(reason?: Error): void {
    // Node marks an answered request as destroyed, too: its connection may serve another one.
    if (this.#request.destroyed) return;
    const { socket } = this.#request;
    // Node resets no TLS connection.
    if (socket === null || socket instanceof TLSSocket || socket.connecting || socket.destroyed) {
      this.#request.destroy(reason);
      return;
    }
    // A reset socket ends its request without a reason.
    if (reason !== undefined) this.#request.emit('error', reason);
    socket.resetAndDestroy();
  }

  /** Where an answer redirects the data to; undefined where it is no redirect. @throws RefusedRedirect */
  redirectedTo(response: IncomingMessage): UploadSession | undefined {
    return redirectedTo(this.part, this.url, response);
  }

  /** The request in faults. */
  get description(): RegistryRequest {
    return requestOf(this.part);
  }
}

interface OpenedRequest {
  readonly url: URL;
  readonly request: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
}

async function open(
  part: DataPart,
): Promise<{ readonly opened: OpenedRequest; readonly redirected: UploadSession | undefined }> {
  const host = part.client.host(part.repo.host);
  const bytes = part.end - part.start;
  const { request, response: answer, url } = await openUpload(host, requestOf(part));
  const opened = { url, request, answer };
  // The head is sent at once: a kept connection that is silent while the source is slow would be closed as idle.
  if (!host.redirectsUploads && !isAnnounced(host, bytes)) {
    request.flushHeaders();
    return { opened, redirected: undefined };
  }
  let isWaiting = true;
  let redirected: UploadSession | undefined;
  let broken: Error | undefined;
  const answered = answer
    .then((response) => {
      if (isWaiting) redirected = redirectedTo(part, url, response);
    })
    .catch((error: unknown) => {
      broken = asError(error);
    });
  await leaveToSend(host, { request, answered, bytes });
  isWaiting = false;
  if (broken !== undefined) throw broken;
  if (redirected !== undefined) request.destroy();
  return { opened, redirected };
}

function redirectedTo(part: DataPart, url: URL, response: IncomingMessage): UploadSession | undefined {
  const { session, client, repo } = part;
  const host = client.host(repo.host);
  const target = redirectTarget(host, requestOf(part), url, response);
  if (target === undefined) return undefined;
  host.redirectsUploads = true;
  const hasCrossed = session.redirect?.foreign ?? session.foreign;
  return { ...session, redirect: { url: target, foreign: hasCrossed || target.origin !== url.origin } };
}

function requestOf({ client, repo, blob, session, start, end, method, fresh, signal }: DataPart): RegistryRequest {
  const { location, foreign, redirect } = session;
  const isWhole = start === 0 && end === blob.size;
  return {
    ...baseRequest(repo, signal),
    method,
    url: redirect?.url ?? (method === 'PUT' ? withDigest(location, blob) : location),
    foreign: redirect?.foreign ?? foreign,
    what: `${method} blob ${blob.digest}`,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      // A whole blob needs no range, and some registries refuse it (oras-project/rust-oci-client#37).
      ...(isWhole ? {} : { 'content-range': `${start}-${end - 1}` }),
    },
    expect: createdStatuses,
    answerMs: client.host(repo.host).timing.commitMs,
    fresh,
  };
}

/** The fault of a broken request. It names no path: an upload's location is as good as a password. */
export function brokenRequest(error: unknown, repo: RepositoryRef, url: URL): ReturnType<typeof networkFault> {
  return networkFault(error, repo, new URL(url.origin));
}
