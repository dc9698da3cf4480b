import { Gate } from '../concurrency/gate.js';
import type { ContinuedAfter } from '../copy-types.js';
import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { BufferLease } from '../transport/buffer-pool.js';
import { rest } from '../transport/retrying.js';
import { commitBlob, createdStatuses } from './blob-commit.js';
import { DataRequest, UploadRedirected } from './data-request.js';
import type { Blob } from './image-blobs.js';
import { RemoteUpload } from './remote-upload.js';
import type { UploadOptions } from './remote-upload.js';
import type { Standstill } from './stall-report.js';
import type { UploadStanding } from './upload-recorder.js';
import { UploadWindow } from './upload-window.js';
import type { WindowShare } from './upload-window.js';

export interface UploadHandlers {
  /** This number of bytes has left for the target; there is room for more. */
  onFlushed(bytes: number): void;
  /** The upload goes on where it had stopped. @param offset bytes that the target has */
  onContinued?(offset: number, after: ContinuedAfter): void;
  /**
   * The upload takes no more bytes from this read: it has failed, or it needs bytes that went by (`UploadBehind`). Called
   * at most once, and not after `complete`, `detach` or `end`.
   */
  onFailure(fault: RegistryError): void;
}

/** An upload needs bytes that its read has handed on already: it continues with a read from its position on. */
class UploadBehind extends RegistryFault {}

/**
 * One blob in flight to one target: POST (done already), PATCH with the whole stream, and, after the caller has
 * verified the bytes, an empty PUT with the digest. Registries without PATCH get one PUT with everything, whose last
 * byte is held back until then.
 *
 * When a request breaks, the upload asks where it stands and continues there on a new connection (`RemoteUpload`).
 * Meanwhile its reader only sees that it takes no bytes. The last bytes that were sent are kept in memory for that; if the
 * registry lacks earlier ones, the upload needs another read, from its `position` on.
 */
export class BlobUpload {
  readonly repo: RepositoryRef;
  readonly #client: RegistryClient;
  readonly #blob: Blob;
  readonly #signal: AbortSignal;
  readonly #isWhole: boolean;
  readonly #remote: RemoteUpload;
  readonly #window: UploadWindow;
  /** A reader is there. */
  readonly #attached = new Gate();
  /** It is known which byte is needed next, and the registry has accepted or refused the length. */
  readonly #ready = new Gate();
  #handlers: UploadHandlers | undefined;
  /** A reader writes what follows `position`. */
  #isFed = false;
  #isPositionKnown = true;
  #sending: Promise<void> | undefined;
  #request: DataRequest | undefined;
  /** Offset of the byte after the last one that was given to a request: what may have arrived. */
  #sent: number;
  /** The same of the last one that has left this process. */
  #flushed: number;
  #verified = false;
  #over = false;
  #rejectComplete: ((fault: RegistryError) => void) | undefined;
  #share: WindowShare | undefined;
  /** A request for data is being opened. */
  #isOpening = false;
  #openingSince = 0;
  #awaits: 'connection' | 'retry' = 'connection';
  #brokenSince: number | undefined;
  /** What the next request continues after; undefined if it sends the first bytes. */
  #continuesAfter: ContinuedAfter | undefined;
  #leftAs: ContinuedAfter | undefined;
  #lastMoveAt = 0;

  constructor(client: RegistryClient, repo: RepositoryRef, blob: Blob, options: UploadOptions) {
    const { offset = 0, isWhole = false, signal } = options;
    this.#client = client;
    this.repo = repo;
    this.#blob = blob;
    this.#isWhole = isWhole;
    this.#signal = signal;
    this.#remote = new RemoteUpload(client, repo, blob, options);
    this.#window = new UploadWindow(offset);
    this.#sent = offset;
    this.#flushed = offset;
    this.#continuesAfter = offset > 0 ? 'earlier-process' : undefined;
  }

  /** Offset of the next byte to write. */
  get position(): number {
    return this.#window.end;
  }

  /** It is complete, or has failed for good. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Bytes given to the target that it has not accepted yet, without those held back. */
  get unsentBytes(): number {
    return Math.min(this.#window.end, this.#mostSent) - this.#flushed;
  }

  /** When the target last accepted bytes, or had none to accept; milliseconds. */
  get lastMoveAt(): number {
    return this.unsentBytes === 0 ? performance.now() : this.#lastMoveAt;
  }

  /** More than one request has brought bytes. */
  get isInParts(): boolean {
    return this.#remote.isInParts;
  }

  /** Since when it looks for a way to continue, in milliseconds; undefined while bytes can flow. */
  get brokenSince(): number | undefined {
    return this.#brokenSince;
  }

  /** What it waits for now, and since when; undefined while bytes flow, or while it has none. */
  get standstill(): Standstill | undefined {
    if (this.#request === undefined) {
      return this.#isOpening ? { since: this.#openingSince, awaits: this.#awaits } : undefined;
    }
    return this.unsentBytes === 0 ? undefined : { since: this.#lastMoveAt, awaits: 'target-accepts' };
  }

  /** Bytes that the registry has, and where the upload continues. */
  get standing(): UploadStanding {
    return { confirmed: this.#remote.confirmed, flushed: this.#flushed, session: this.#remote.session };
  }

  /**
   * Begins to take bytes, from `position` on. Waits until it is known whether the registry accepts their number. An empty
   * blob needs no data: its commit is enough.
   *
   * @throws RegistryError
   */
  async start(handlers: UploadHandlers): Promise<void> {
    this.#handlers = handlers;
    if (this.#blob.size === 0) return;
    this.#share ??= this.#client.uploadWindows.join(this.repo.host);
    this.#attached.open();
    this.#sending ??= this.#send();
    this.#sending.catch(() => {});
    await Promise.race([this.#ready.opened, this.#sending]);
    this.#isFed = true;
  }

  /** @param lease of the chunk's memory, kept until the chunk need not be sent again */
  write(chunk: Buffer, lease: BufferLease): void {
    if (this.#over || !this.#isFed) return;
    if (this.unsentBytes === 0) this.#lastMoveAt = performance.now();
    this.#window.append(chunk, lease);
    this.#pump();
  }

  /**
   * The bytes are verified: ends the data and commits.
   *
   * @throws UploadBehind where a part of the bytes is needed once more; RegistryError, `retry` where sending the blob
   *   again may help
   */
  async complete(): Promise<void> {
    if (this.#over) throw this.#interrupted();
    if (this.#sending !== undefined) await this.#endData(this.#sending);
    this.#close();
    if (!this.#remote.isCommitted) await commitBlob(this.#remote.commitment);
    this.#client.blobLocationCache.add(this.repo.host, this.repo.repository, this.#blob.digest);
  }

  /**
   * Takes no more bytes from its read. `start` continues the upload.
   *
   * @param reason why the request that is open is given up
   * @param options.isLineBroken the connection is to blame
   * @param options.after what the upload continues after
   */
  detach(
    reason: RegistryError,
    { isLineBroken, after }: { readonly isLineBroken: boolean; readonly after: ContinuedAfter },
  ): void {
    if (this.#over) return;
    this.#leftAs = this.#request === undefined ? undefined : after;
    if (!isLineBroken && this.#request !== undefined) this.#remote.interrupted();
    this.#leaveRead();
    this.#isPositionKnown = this.#request === undefined;
    this.#window.reset(this.#window.end);
    this.#request?.destroy(reason);
  }

  /** The bytes are wrong, or no longer needed. What was sent is never committed. */
  end(): void {
    this.#request?.destroy();
    this.#close();
  }

  async #endData(sending: Promise<void>): Promise<void> {
    this.#verified = true;
    const behind = new Promise<never>((_, reject) => {
      this.#rejectComplete = reject;
    });
    this.#pump();
    try {
      await Promise.race([sending, behind]);
    } finally {
      this.#verified = false;
      this.#rejectComplete = undefined;
    }
  }

  get #mostSent(): number {
    return this.#remote.isMonolithic && !this.#isWhole && !this.#verified ? this.#blob.size - 1 : this.#blob.size;
  }

  async #send(): Promise<void> {
    try {
      while (this.#remote.confirmed < this.#blob.size) {
        await this.#attached.opened;
        try {
          await this.#sendPart();
        } catch (error) {
          await this.#recover(error);
        }
      }
    } catch (error) {
      const handlers = this.#verified ? undefined : this.#handlers;
      this.#close();
      // The read must not wait for this upload any longer, whatever ended it.
      const reason: unknown = this.#signal.aborted ? this.#signal.reason : error;
      handlers?.onFailure(reason instanceof RegistryError ? reason : this.#interrupted());
      throw reason;
    }
  }

  async #sendPart(): Promise<void> {
    this.#awaits = 'connection';
    this.#isOpening = true;
    this.#openingSince = this.#brokenSince ?? performance.now();
    const request = await DataRequest.open(this.#remote.nextPart());
    if (this.#over) {
      request.destroy();
      throw this.#interrupted();
    }
    this.#request = request;
    this.#isOpening = false;
    if (!request.isRefused) this.#begin(request);
    const response = await request.answer;
    if (!request.isWhole || !createdStatuses.includes(response.statusCode ?? 0)) {
      throw await this.#remote.refused(request, response);
    }
    await this.#remote.finished(request, response);
    this.#request = undefined;
    this.#left(request.part.end - this.#flushed);
  }

  #begin({ part }: DataRequest): void {
    this.#brokenSince = undefined;
    this.#lastMoveAt = performance.now();
    this.#ready.open();
    if (this.#continuesAfter !== undefined) this.#handlers?.onContinued?.(part.start, this.#continuesAfter);
    this.#continuesAfter = undefined;
    this.#pump();
  }

  #pump(): void {
    const request = this.#request;
    if (request === undefined) return;
    const limit = Math.min(request.part.end, this.#mostSent);
    for (let bytes = this.#window.take(limit); bytes !== undefined; bytes = this.#window.take(limit)) {
      const { length } = bytes;
      request.write(bytes, () => {
        if (request === this.#request) this.#left(length);
      });
    }
    this.#sent = Math.max(this.#sent, this.#window.next);
  }

  #left(bytes: number): void {
    if (bytes <= 0) return;
    const now = performance.now();
    this.#flushed += bytes;
    this.#lastMoveAt = now;
    this.#share?.rate.took(bytes, now);
    this.#window.trim(this.#flushed - this.#bytesKept);
    this.#handlers?.onFlushed(bytes);
  }

  /** Of the bytes that have left. On a fast line that does not break, the memory is better used again at once. */
  get #bytesKept(): number {
    if (this.#share === undefined) return 0;
    return this.#share.rate.isFast && !this.#remote.mayRepeat ? 0 : this.#share.bytes;
  }

  /** Finds out where the upload continues. @throws RegistryError if there is nothing more to try */
  async #recover(error: unknown): Promise<void> {
    const request = this.#request;
    this.#request = undefined;
    request?.destroy();
    this.#brokenSince ??= performance.now();
    this.#isOpening = true;
    this.#openingSince = this.#brokenSince;
    for (let fault = error; ;) {
      this.#signal.throwIfAborted();
      if (this.#over) throw this.#interrupted();
      if (await this.#hasArrived(request, fault)) return;
      const pauseMs = this.#remote.broke(fault, request, this.#flushed);
      this.#awaits = 'retry';
      // The reader of a new upload need not wait: it will be stopped as soon as enough bytes are there.
      if (this.#isPositionKnown) this.#ready.open();
      await rest(pauseMs, this.#signal);
      await this.#attached.opened;
      this.#awaits = 'connection';
      try {
        await this.#remote.resume({ sent: this.#sent, flushed: this.#flushed });
        break;
      } catch (failed) {
        fault = failed;
      }
    }
    if (this.#over) throw this.#interrupted();
    this.#continueAt(this.#remote.confirmed);
  }

  /** The answer to a whole PUT may be lost although the blob arrived. */
  async #hasArrived(request: DataRequest | undefined, fault: unknown): Promise<boolean> {
    if (request?.part.method !== 'PUT' || !request.isWhole || fault instanceof UploadRedirected) return false;
    return this.#remote.arrived(fault, request);
  }

  #continueAt(offset: number): void {
    this.#sent = offset;
    this.#flushed = offset;
    this.#continuesAfter = offset > 0 ? (this.#leftAs ?? 'break') : undefined;
    this.#leftAs = undefined;
    this.#isPositionKnown = true;
    const isHeld = offset >= this.#window.start && offset <= this.#window.end;
    if (isHeld) this.#window.rewind(offset);
    else this.#window.reset(offset);
    if (isHeld || !this.#isFed) {
      if (this.#handlers !== undefined) this.#ready.open();
      return;
    }
    const { digest } = this.#blob;
    const fault = new UploadBehind(`it needs ${digest} from byte ${offset} on once more`, {
      repo: this.repo,
      code: 'unreachable',
      decision: 'retry',
    });
    const [handlers, rejectComplete] = [this.#handlers, this.#rejectComplete];
    this.#leaveRead();
    if (rejectComplete === undefined) handlers?.onFailure(fault);
    else rejectComplete(fault);
  }

  #leaveRead(): void {
    this.#handlers = undefined;
    this.#isFed = false;
    this.#attached.close();
    this.#ready.close();
  }

  #close(): void {
    this.#over = true;
    this.#remote.close();
    this.#isOpening = false;
    this.#handlers = undefined;
    this.#request = undefined;
    this.#window.reset(this.#window.end);
    this.#share?.leave();
  }

  #interrupted(): RegistryFault {
    const message = `the upload of ${this.#blob.digest} was interrupted`;
    return new RegistryFault(message, { repo: this.repo, code: 'unreachable', decision: 'retry' });
  }
}
