import type { Semaphore } from '../concurrency/semaphore.js';
import type { BlobOutcome, CopyProgress } from '../copy-types.js';
import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { TargetLooks } from '../target-looks.js';
import { backoff, pauseBeforeRetry, rest } from '../transport/retrying.js';
import { BlobLock } from './blob-lock.js';
import { BlobMismatch } from './blob-mismatch.js';
import { mountOrOpen } from './blob-mount.js';
import { BlobUpload, UploadRedirected } from './blob-upload.js';
import { Stalled, TooSlow, fanOut } from './fan-out.js';
import type { Blob } from './image-blobs.js';
import { sendWhole } from './send-whole.js';
import type { SmallBlobRead } from './small-blob-read.js';
import type { CopySlots } from './transfer-queue.js';
import { takeTransferSlot } from './transfer-slots.js';

/** Attempts for one blob to one target, including the shared one. */
const maxAttempts = 4;

/** A target as the blobs of one copy see it. */
export interface BlobDestination {
  readonly name: string;
  readonly repo: RepositoryRef;
  /** It was dropped from a shared read once: its other blobs do not hold the others up either. */
  lagging: boolean;
  /** What it has. */
  readonly looks: TargetLooks;
  /** Limits how many blobs it catches up on at once. */
  readonly catchUps: Semaphore;
  /** Aborted when the copy is, or when this target has failed. */
  readonly signal: AbortSignal;
}

export interface BlobUploadResult {
  readonly outcome: BlobOutcome;
  readonly bytesSent: number;
}

export interface TransferContext {
  readonly client: RegistryClient;
  readonly source: RepositoryRef;
  /** What this copy has in flight. */
  readonly slots: CopySlots;
  /** Blobs prepare before it settles, but none is sent; it never rejects. */
  readonly mayFlow?: Promise<void> | undefined;
  /** Every blob has had its shared read: targets that were too slow for it may read the source now. */
  readonly passesOver: Promise<void>;
  readonly signal: AbortSignal;
  readonly report: (progress: CopyProgress) => void;
}

/** One blob for one destination, from the first HEAD to the commit. */
export class BlobUploadTask {
  readonly destination: BlobDestination;
  readonly done: Promise<BlobUploadResult>;
  readonly #context: TransferContext;
  readonly #blob: Blob;
  readonly #claim: BlobLock;
  /** The blob is small: it is read and sent whole. */
  #read: SmallBlobRead | undefined;
  #resolve!: (delivery: BlobUploadResult) => void;
  #reject!: (reason: unknown) => void;
  #settled = false;
  #catchingUp = false;
  #bytesSent = 0;

  constructor(context: TransferContext, blob: Blob, destination: BlobDestination) {
    this.#context = context;
    this.#blob = blob;
    this.destination = destination;
    this.#claim = new BlobLock(context.client, destination.repo, blob.digest);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => {});
  }

  /** Still part of the shared read. */
  get isOpen(): boolean {
    return !this.#settled && !this.#catchingUp;
  }

  get isCatchingUp(): boolean {
    return this.#catchingUp;
  }

  /** Leaves the shared read before it begins. */
  comeLater(): void {
    this.#catchingUp = true;
  }

  /** False when another upload brings this blob there right now. */
  claim(): boolean {
    return this.#claim.take();
  }

  /** The other waits until this one has brought the blob to their registry, so that it can mount it from there. */
  isLeaderOf(other: BlobUploadTask): boolean {
    return this.#claim.isLeaderOf(other.#claim);
  }

  /**
   * @param options.waitForHost when another copy brings the blob to the registry: wait for it, and mount it then
   * @returns the upload to feed; undefined when there is nothing to send, or the destination has failed
   */
  async prepare({ waitForHost }: { readonly waitForHost: boolean }): Promise<BlobUpload | undefined> {
    try {
      if (waitForHost) await this.#claim.untilHostHasIt();
      return await this.#prepare();
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  async commit(upload: BlobUpload): Promise<void> {
    try {
      await upload.complete();
      this.#deliver('uploaded');
    } catch (error) {
      this.#failed(error);
    }
  }

  sent(bytes: number): void {
    this.#bytesSent += bytes;
    this.#context.report({ type: 'sent', digest: this.#blob.digest, target: this.destination.name, bytes });
  }

  dropped(fault: RegistryError): void {
    if (fault instanceof TooSlow) {
      void this.#leave(fault);
      return;
    }
    if (fault instanceof Stalled) this.destination.lagging = true;
    this.#failed(fault);
  }

  /** If it is not slow for the others, a read of its own brings only this blob. */
  async #leave(fault: TooSlow): Promise<void> {
    this.#catchingUp = true;
    if (await fault.isConfirmed) this.destination.lagging = true;
    this.#failed(fault);
  }

  reject(reason: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#claim.release();
    this.#reject(reason);
  }

  /** Brings the blob with a separate read, so that it does not hold the others up. */
  async alone(fault?: RegistryError, prepared?: BlobUpload): Promise<void> {
    this.#catchingUp = true;
    try {
      if (this.destination.lagging) {
        // A slow target has time. Its reads must not take the source from faster targets, and other copies must not
        // wait for a blob that no upload brings yet.
        this.#claim.release();
        await this.#context.passesOver;
      }
      await this.#claim.acquire();
      await this.#attempts(fault, prepared);
    } catch (error) {
      this.reject(error);
    }
  }

  /**
   * Brings a small blob: it is read whole, once for all targets, while its upload is opened.
   *
   * @param options.waitForHost when another copy brings the blob to the registry: wait for it, and mount it then
   */
  async whole(read: SmallBlobRead, { waitForHost }: { readonly waitForHost: boolean }): Promise<void> {
    this.#read = read;
    this.#catchingUp = true;
    try {
      await this.#claim.acquire();
      await this.#context.mayFlow;
      await this.#attempts(undefined, undefined, waitForHost);
    } catch (error) {
      this.reject(error);
    }
  }

  async #attempts(
    fault: RegistryError | undefined,
    prepared: BlobUpload | undefined,
    waitForHost = true,
  ): Promise<void> {
    const { client } = this.#context;
    const { repo, signal } = this.destination;
    const { timing } = client.host(repo.host);
    let mismatches = 0;
    let upload = prepared ?? this.#redirected(fault);
    let last: unknown = fault;
    for (let attempt = fault === undefined ? 1 : 2; ; attempt++) {
      if (attempt > 1) await rest(pauseBeforeRetry(last, attempt - 1, timing) ?? backoff(attempt - 1, timing), signal);
      if (waitForHost || attempt > 1) await this.#claim.untilHostHasIt();
      const release = await this.#turn();
      try {
        upload ??= await this.#prepare();
        if (upload === undefined) return;
        await this.#feed(upload);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RegistryError)) throw error;
        if (error instanceof BlobMismatch) mismatches++;
        // The read has been repeated already where that helps.
        if (this.#read !== undefined && isOfSource(error) && !(error instanceof BlobMismatch)) throw error;
        const again = error instanceof BlobMismatch ? mismatches < 2 : this.#mayWork(error);
        if (!again || attempt >= maxAttempts) throw error;
        last = error;
        upload = this.#redirected(error);
      } finally {
        release();
      }
    }
  }

  /** The upload continues where a redirect sent it. */
  #redirected(fault: RegistryError | undefined): BlobUpload | undefined {
    if (!(fault instanceof UploadRedirected)) return undefined;
    const { repo, signal } = this.destination;
    return new BlobUpload(this.#context.client, repo, this.#blob, {
      session: fault.session,
      isWhole: this.#read !== undefined,
      signal,
    });
  }

  /** Taken only for the bytes themselves: a task that waits for another upload while it holds a turn may block it. */
  async #turn(): Promise<() => void> {
    const { repo, signal, catchUps } = this.destination;
    if (this.#read !== undefined) return await takeTransferSlot(this.#context, this.#blob, [repo], signal);
    const leaveCatchUps = await catchUps.acquire(signal);
    try {
      const leaveSlot = await takeTransferSlot(this.#context, this.#blob, [repo], signal);
      return () => {
        leaveSlot();
        leaveCatchUps();
      };
    } catch (error) {
      leaveCatchUps();
      throw error;
    }
  }

  async #feed(upload: BlobUpload): Promise<void> {
    const { client, source, report } = this.#context;
    if (this.#read !== undefined) {
      const content = { blob: this.#blob, bytes: await this.#read.bytes() };
      const { stallMs } = client.host(source.host).timing;
      await sendWhole(upload, content, { stallMs, onSent: (bytes) => this.sent(bytes) });
      this.#deliver('uploaded');
      return;
    }
    let fault: RegistryError | undefined;
    const complete = await fanOut(client, source, this.#blob, {
      uploads: [upload],
      handlers: {
        onRead: (bytes) => report({ type: 'read', digest: this.#blob.digest, bytes }),
        onSent: (_, bytes) => this.sent(bytes),
        onDropped(_, dropped) {
          fault = dropped;
        },
      },
      signal: this.destination.signal,
    });
    if (fault !== undefined) throw fault;
    for (const each of complete) await each.complete();
    this.#deliver('uploaded');
  }

  async #prepare(): Promise<BlobUpload | undefined> {
    const { client } = this.#context;
    const { repo, signal } = this.destination;
    const { digest } = this.#blob;
    if (await this.destination.looks.hasBlob(this.#blob)) {
      this.#deliver('already-there');
      return undefined;
    }
    const mountFrom = client.blobLocationCache.of(repo.host, digest);
    if (mountFrom.length === 0) this.#read?.begin();
    const session = await mountOrOpen(client, repo, this.#blob, { mountFrom, signal });
    if (session === 'mounted') {
      this.#deliver('mounted');
      return undefined;
    }
    return new BlobUpload(client, repo, this.#blob, { session, isWhole: this.#read !== undefined, signal });
  }

  #failed(error: unknown): void {
    if (this.#mayWork(error) && !this.destination.signal.aborted) void this.alone(error);
    else this.reject(error);
  }

  /** A target may demand a pause in the middle of an upload; nothing has waited for it yet. */
  #mayWork(error: unknown): error is RegistryError {
    if (!(error instanceof RegistryError)) return false;
    const isOurs = error.decision === 'retry' || (error instanceof RegistryFault && error.side === 'target');
    const { timing } = this.#context.client.host(this.destination.repo.host);
    return isOurs && pauseBeforeRetry(error, 1, timing) !== undefined;
  }

  #deliver(outcome: BlobOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#claim.release();
    const { repo, name } = this.destination;
    const { digest, size } = this.#blob;
    this.#context.client.blobLocationCache.add(repo.host, repo.repository, digest);
    this.#context.report({ type: 'blob', digest, target: name, size, outcome });
    this.#resolve({ outcome, bytesSent: this.#bytesSent });
  }
}

function isOfSource(error: RegistryError): boolean {
  return error instanceof RegistryFault && error.side === 'source';
}
