import type { IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault, saysCode } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { isHabit } from '../transport/quirks.js';
import type { RegistryHost } from '../transport/registry-host.js';
import { unexpected } from '../transport/registry-request.js';
import { discardBody } from '../transport/response-body.js';
import { asRetry, arrivedAfterAll, assertCommitted, assertStored, sessionLostCodes } from './blob-commit.js';
import type { Commitment } from './blob-commit.js';
import { nextSession, openSession } from './blob-push.js';
import type { UploadSession } from './blob-push.js';
import { ChunkSizes } from './chunk-sizes.js';
import { UploadRedirected, brokenRequest } from './data-request.js';
import type { DataPart, DataRequest } from './data-request.js';
import type { Blob } from './image-blobs.js';
import { UploadAttempts } from './upload-attempts.js';
import type { StartOver } from './upload-attempts.js';
import { arrivedBytes, endOf } from './upload-range.js';
import { abandonUpload, askUploadState, isInternalError } from './upload-state.js';
import type { UploadState } from './upload-state.js';

/** More than what the buffers between here and a registry hold. */
const bufferedBytes = 8 * 1024 * 1024;

export interface UploadOptions {
  readonly session: UploadSession;
  /** The bytes are verified before the first is written, and are sent by one PUT. Default: false. */
  readonly isWhole?: boolean | undefined;
  /** Bytes that the registry has; default: none. */
  readonly offset?: number | undefined;
  /** False: what the registry kept of a broken upload was wrong once. Default: true. */
  readonly mayContinue?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * An upload as its registry has it: how far it is, where its next part goes, and how it continues after a break. What a
 * registry can do is learned from its answers.
 */
export class RemoteUpload {
  readonly #client: RegistryClient;
  readonly #repo: RepositoryRef;
  readonly #host: RegistryHost;
  readonly #blob: Blob;
  readonly #signal: AbortSignal;
  readonly #isWhole: boolean;
  readonly #mayContinue: boolean;
  readonly #attempts: UploadAttempts;
  readonly #chunks: ChunkSizes;
  #session: UploadSession;
  #confirmed: number;
  #isCommitted = false;
  #isInParts = false;
  #hasBroken = false;
  #isOwnBreak = false;
  /** What a break is answered with: a question, a new upload, or the same request to where a redirect points. */
  #next: 'ask' | 'start-over' | 'same' = 'ask';
  #startOver: StartOver = 'refused';
  /** The registry has just said that the next part begins at `confirmed`. */
  #isAsked = false;
  /** It answered 500 to that part: the next question comes after another upload was opened. */
  #isDoubtful = false;
  /** Opened when it failed on this upload: it works for others. Used if it fails once more. */
  #spare: UploadSession | undefined;
  /** Where a part that begins at the right byte was refused. */
  #refusedAt: number | undefined;
  /** Bytes that the connection of the broken request had carried before. */
  #carriedBefore = 0;
  /** The part after the last finished one was tried although the registry did not say how far it is. */
  #triedUntold = false;
  #rangesFit = true;

  constructor(
    client: RegistryClient,
    repo: RepositoryRef,
    blob: Blob,
    { session, isWhole = false, offset = 0, mayContinue = true, signal }: UploadOptions,
  ) {
    this.#client = client;
    this.#repo = repo;
    this.#host = client.host(repo.host);
    this.#blob = blob;
    this.#session = session;
    this.#confirmed = offset;
    this.#hasBroken = offset > 0;
    this.#isAsked = offset > 0;
    this.#isWhole = isWhole;
    this.#mayContinue = mayContinue;
    this.#signal = signal;
    this.#attempts = new UploadAttempts(repo, blob, { offset, timing: this.#host.timing });
    this.#chunks = new ChunkSizes(this.#host, blob.size, { isWhole: !mayContinue });
  }

  /** Bytes that the registry has, by its answers to finished requests or to a question. */
  get confirmed(): number {
    return this.#confirmed;
  }

  get session(): UploadSession {
    return this.#session;
  }

  /** The answer to the data was that to a commit, too. */
  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  /** More than one request has brought bytes. */
  get isInParts(): boolean {
    return this.#isInParts;
  }

  /** One PUT for data and commit. */
  get isMonolithic(): boolean {
    return this.#isWhole || this.#host.monolithicUploads;
  }

  /** Connections to this registry have broken lately while data was sent. */
  get lineBreaks(): boolean {
    return this.#hasBroken || this.#host.uploadHabits.bytesBetweenBreaks !== undefined;
  }

  /** Bytes that have left may have to be sent again. */
  get mayRepeat(): boolean {
    return this.lineBreaks || this.#chunks.isDoubtful;
  }

  get commitment(): Commitment {
    return {
      client: this.#client,
      repo: this.#repo,
      blob: this.#blob,
      session: this.#session,
      signal: this.#signal,
    };
  }

  nextPart(): DataPart {
    return {
      client: this.#client,
      repo: this.#repo,
      blob: this.#blob,
      session: this.#session,
      start: this.#confirmed,
      end: this.isMonolithic ? this.#blob.size : this.#chunks.endOf(this.#confirmed),
      method: this.isMonolithic ? 'PUT' : 'PATCH',
      fresh: this.lineBreaks,
      signal: this.#signal,
    };
  }

  /** A request is answered with success. @throws RegistryFault if the registry stored something else */
  async finished(request: DataRequest, response: IncomingMessage): Promise<void> {
    const { part, url } = request;
    request.succeeded();
    discardBody(response);
    if (part.method === 'PUT') {
      await assertCommitted(response, this.commitment);
      this.#isCommitted = true;
    } else {
      assertStored(response, this.commitment);
      const { statusCode = 0, headers } = response;
      this.#session = await nextSession(this.#host, { statusCode, headers, url }, this.#repo, part.session);
      // After a success the bytes are there, whatever range the answer gives.
      const told = endOf(headers.range?.toString());
      if (part.start > 0 && told !== undefined && told !== part.end) this.#rangesFit = false;
      // Its agent frees the connection of an answer without a body within this turn: the next part goes over it, too.
      if (part.end < this.#blob.size) await nextTurn();
    }
    if (part.start > 0) {
      this.#isInParts = true;
      this.#host.uploadHabits.learn({ takesChunks: true });
    }
    this.#host.uploadHabits.carried(request.carried);
    this.#chunks.accepted(part.end - part.start);
    this.#advance(part.end);
    this.#triedUntold = false;
    this.#refusedAt = undefined;
  }

  /** Classifies a refusal, and decides how to continue. @returns the fault; `retry` if another request may help */
  async refused(request: DataRequest, response: IncomingMessage): Promise<RegistryError> {
    const session = request.redirectedTo(response);
    if (session !== undefined) {
      discardBody(response);
      const message = `it redirected the data of ${this.#blob.digest} after that had been sent`;
      return new UploadRedirected(message, { repo: this.#repo, session });
    }
    const { part, url } = request;
    const fault = await unexpected(this.#host, response, request.description, url);
    const status = response.statusCode ?? 0;
    if (isInternalError(fault) && this.#isAsked) {
      if (this.#spare === undefined) this.#isDoubtful = true;
      else this.#startAgain('failed');
    }
    const codes = fault.diagnostics.map(({ code }) => code);
    const answered = { method: part.method, resource: 'upload', status, codes } as const;
    if (status === 413) return this.#chunks.refused(part.end - part.start) ? this.#excused(fault) : fault;
    if (isHabit('no-announcement', answered)) {
      const wasAnnounced = this.#host.bodyLetThrough < Infinity;
      this.#host.bodyLetThrough = Infinity;
      return wasAnnounced ? this.#excused(fault) : asRetry(fault, this.#repo);
    }
    if (isHabit('no-patch', answered)) return this.#refusedPatch(fault, part);
    if (saysCode(fault, ...sessionLostCodes)) {
      this.#startAgain('forgotten');
      return asRetry(fault, this.#repo);
    }
    // An expired token, an answer that is none.
    return status === 401 || status < 400 ? asRetry(fault, this.#repo) : fault;
  }

  /** The upload is over, or goes on elsewhere. */
  close(): void {
    this.#dropSpare();
  }

  /** The next break is this client's own: the line is not to blame. */
  interrupted(): void {
    this.#isOwnBreak = true;
    this.#attempts.excused();
  }

  /**
   * A request broke, or was refused.
   *
   * @param flushed offset of the byte after the last one that left
   * @returns milliseconds to wait before `resume`
   * @throws RegistryError if there is nothing more to try
   */
  broke(error: unknown, request: DataRequest | undefined, flushed: number): number {
    const fault = this.#faultOf(error, request);
    if (fault instanceof UploadRedirected) {
      this.#session = fault.session;
      this.#next = 'same';
    }
    if (!this.#isOwnBreak) this.#hasBroken = true;
    this.#carriedBefore = request?.carried ?? 0;
    return this.#attempts.broke(fault, flushed);
  }

  /** Whether the blob is there although the answer to its PUT was lost. */
  async arrived(error: unknown, request: DataRequest): Promise<boolean> {
    const fault = this.#faultOf(error, request);
    if (fault.decision !== 'retry' || !(await arrivedAfterAll(this.commitment, fault))) return false;
    this.#isCommitted = true;
    this.#advance(this.#blob.size);
    return true;
  }

  /**
   * Finds out where the upload continues: then `confirmed` and `session` are up to date.
   *
   * @param sent everything up to here may have arrived
   * @param flushed everything up to here has left
   * @throws RegistryError if the registry does not answer
   */
  async resume(left: { readonly sent: number; readonly flushed: number }): Promise<void> {
    await this.#resume(left);
    this.#isOwnBreak = false;
  }

  async #resume({ sent, flushed }: { readonly sent: number; readonly flushed: number }): Promise<void> {
    if (this.#next === 'same') {
      this.#next = 'ask';
      return;
    }
    if (this.#next === 'ask' && this.#canContinue && (await this.#ask(sent, flushed))) return;
    const session = this.#spare ?? (await openSession(this.#client, this.#repo, this.#signal));
    this.#spare = undefined;
    if (this.#startOver === 'failed') void abandonUpload({ ...this.commitment, session: this.#session });
    this.#attempts.startsOver(this.#canContinue ? this.#startOver : 'one-request');
    this.#session = session;
    this.#confirmed = 0;
    this.#next = 'ask';
    this.#startOver = 'refused';
    this.#isAsked = false;
    this.#isDoubtful = false;
    this.#refusedAt = undefined;
    this.#triedUntold = false;
    this.#rangesFit = true;
  }

  get #canContinue(): boolean {
    return this.#mayContinue && !this.isMonolithic && this.#host.uploadHabits.takesChunks !== false;
  }

  /** @returns whether the upload continues */
  async #ask(sent: number, flushed: number): Promise<boolean> {
    const { uploadHabits } = this.#host;
    const finished = this.#confirmed;
    if (this.#isDoubtful) await this.#openSpare();
    const state = await this.#state();
    if (state.kind === 'failed') {
      this.#startOver = 'failed';
      return false;
    }
    if (state.kind === 'open') {
      const offset = arrivedBytes(this.#rangesFit ? state.range : undefined, { finished, sent });
      if (offset === undefined) return false;
      if (offset === this.#refusedAt) {
        uploadHabits.learn({ takesChunks: false });
        return false;
      }
      this.#learn(offset > finished ? 'keeps-bytes' : 'keeps-chunks', {
        arrived: offset - finished,
        left: flushed - finished,
      });
      this.#session = state.session;
      this.#advance(offset);
      this.#isAsked = true;
      return true;
    }
    if (state.kind === 'forgotten') {
      this.#startOver = 'forgotten';
      this.#learn('forgets', { arrived: 0, left: flushed - finished });
      return false;
    }
    // Whole chunks are the best that can be hoped for.
    this.#learn('keeps-chunks', { arrived: 0, left: flushed - finished });
    if (finished === 0 || this.#triedUntold) return false;
    this.#triedUntold = true;
    return true;
  }

  /** `failed` only if the registry answers 500 to this question alone. */
  async #state(): Promise<UploadState> {
    const asked = { client: this.#client, repo: this.#repo, session: this.#session, signal: this.#signal };
    const state = await askUploadState(asked);
    if (state.kind !== 'failed') return state;
    await this.#openSpare();
    return await askUploadState(asked);
  }

  /** @throws RegistryFault if the registry fails on others, too */
  async #openSpare(): Promise<void> {
    this.#spare ??= await openSession(this.#client, this.#repo, this.#signal);
  }

  #dropSpare(): void {
    if (this.#spare !== undefined) void abandonUpload({ ...this.commitment, session: this.#spare });
    this.#spare = undefined;
    this.#isDoubtful = false;
  }

  /** @param bytes of the broken request: those that the registry has, and those that left here */
  #learn(
    afterBreak: 'keeps-bytes' | 'keeps-chunks' | 'forgets',
    { arrived, left }: { readonly arrived: number; readonly left: number },
  ): void {
    const { uploadHabits } = this.#host;
    const bytes = arrived > 0 ? arrived : left;
    if (bytes <= 0) return;
    if (!this.#isOwnBreak) uploadHabits.lineBroke(this.#carriedBefore + bytes);
    // Bytes that were still in buffers say nothing about what the registry keeps.
    if (arrived > 0 || left > bufferedBytes || uploadHabits.afterBreak !== 'keeps-bytes')
      uploadHabits.learn({ afterBreak });
  }

  #faultOf(error: unknown, request: DataRequest | undefined): RegistryError {
    if (request !== undefined) return brokenRequest(error, this.#repo, request.url);
    return brokenRequest(error, this.#repo, this.#session.location);
  }

  /** A PATCH is refused as such, or only as one of several. */
  #refusedPatch(fault: RegistryFault, { start, end }: DataPart): RegistryError {
    if (start === 0 && end === this.#blob.size) {
      this.#host.monolithicUploads = true;
      this.#startAgain('one-request');
      return this.#excused(fault);
    }
    if (start === 0) {
      this.#host.uploadHabits.learn({ takesChunks: false });
      this.#startAgain('one-request');
      return asRetry(fault, this.#repo);
    }
    // The question that follows shows if it was the wrong byte.
    this.#refusedAt = start;
    return asRetry(fault, this.#repo);
  }

  #excused(fault: RegistryFault): RegistryFault {
    this.#attempts.excused();
    return asRetry(fault, this.#repo);
  }

  #startAgain(why: StartOver): void {
    this.#next = 'start-over';
    this.#startOver = why;
  }

  #advance(offset: number): void {
    if (offset > this.#confirmed) {
      this.#isAsked = false;
      this.#dropSpare();
    }
    this.#confirmed = offset;
    this.#attempts.reached(offset);
  }
}
