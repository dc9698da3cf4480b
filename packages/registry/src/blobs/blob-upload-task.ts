import type { Semaphore } from '../concurrency/semaphore.js';
import type { BlobOutcome, ContinuedAfter, TransferWait } from '../copy-types.js';
import { RegistryError } from '../errors.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { TargetLooks } from '../target-looks.js';
import { backoff, pauseBeforeRetry, rest } from '../transport/retrying.js';
import { BlobLock } from './blob-lock.js';
import { BlobMismatch } from './blob-mismatch.js';
import { mountOrOpen } from './blob-mount.js';
import type { UploadSession } from './blob-push.js';
import { BlobUpload } from './blob-upload.js';
import { Stalled, TooSlow, fanOut } from './fan-out.js';
import type { HashTrail } from './hash-trail.js';
import type { Blob } from './image-blobs.js';
import { sendWhole } from './send-whole.js';
import type { SmallBlobRead } from './small-blob-read.js';
import { StallReport, reportingStall } from './stall-report.js';
import { onSource } from './transfer-context.js';
import type { TransferContext } from './transfer-context.js';
import { takeTransferSlot } from './transfer-slots.js';
import { UploadGivenUp } from './upload-attempts.js';
import { arrivedBytes } from './upload-range.js';
import { UploadRecorder } from './upload-recorder.js';
import { abandonUpload, askUploadState } from './upload-state.js';

/** Uploads of one blob to one target, including the shared one. Each of them continues after breaks without action. */
const maxAttempts = 4;

/** A target as the blobs of one copy see it. */
export interface BlobDestination {
  readonly name: string;
  readonly repo: RepositoryRef;
  /** Tag of the image that the blobs belong to. */
  readonly tag: string;
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

/** One blob for one destination, from the first HEAD to the commit. */
export class BlobUploadTask {
  readonly destination: BlobDestination;
  readonly done: Promise<BlobUploadResult>;
  readonly #context: TransferContext;
  readonly #blob: Blob;
  readonly #trail: HashTrail;
  readonly #claim: BlobLock;
  /** The blob is small: it is read and sent whole. */
  #read: SmallBlobRead | undefined;
  #resolve!: (delivery: BlobUploadResult) => void;
  #reject!: (reason: unknown) => void;
  #settled = false;
  #catchingUp = false;
  #bytesSent = 0;
  #upload: BlobUpload | undefined;
  readonly #recorder: UploadRecorder;
  /** The target is trusted to keep what a broken request has brought. */
  #mayContinue = true;

  constructor(context: TransferContext, blob: Blob, destination: BlobDestination, trail: HashTrail) {
    this.#context = context;
    this.#blob = blob;
    this.#trail = trail;
    this.destination = destination;
    const { repo, tag } = destination;
    this.#claim = new BlobLock(context.client, repo, blob.digest);
    this.#recorder = new UploadRecorder(context.client, { ...repo, tag }, blob, trail);
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
      await this.#complete(upload);
    } catch (error) {
      this.#failed(error);
    }
  }

  sent(bytes: number): void {
    this.#bytesSent += bytes;
    if (this.#upload !== undefined) this.#recorder.advanced(this.#upload.standing);
    const { digest, size } = this.#blob;
    this.#context.report({ type: 'sent', digest, target: this.destination.name, bytes, size });
  }

  continued(offset: number, after: ContinuedAfter): void {
    const { digest, size } = this.#blob;
    this.#context.report({ type: 'continued', digest, target: this.destination.name, offset, size, after });
  }

  stalled(forMs: number, awaits: TransferWait): void {
    const { name: target, repo } = this.destination;
    this.#context.report({ type: 'stalled', digest: this.#blob.digest, target, host: repo.host, forMs, awaits });
  }

  dropped(fault: RegistryError): void {
    if (fault instanceof Stalled || fault instanceof TooSlow) this.destination.lagging = true;
    this.#failed(fault);
  }

  reject(reason: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#claim.release();
    this.#abandon(reason);
    this.#reject(reason);
  }

  /**
   * Brings the blob with a separate read, so that it does not hold the others up.
   *
   * @param fault why it left the shared read
   * @param prepared the upload that continues
   */
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
    let mismatches = 0;
    let upload = prepared;
    let last: RegistryError | undefined = upload === undefined ? fault : undefined;
    for (let attempt = last === undefined ? 1 : 2; ;) {
      if (last !== undefined) await this.#pause(last, attempt - 1);
      if (waitForHost || attempt > 1) await this.#claim.untilHostHasIt();
      const release = await this.#turn();
      try {
        upload ??= await this.#prepare();
        if (upload === undefined) return;
        await this.#feed(upload);
        return;
      } catch (error) {
        this.destination.signal.throwIfAborted();
        if (!(error instanceof RegistryError)) throw error;
        const isAlive = upload?.isOver === false;
        // An upload that continues counts its attempts, and has made its pause.
        last = isAlive && !isOfSource(error) ? undefined : error;
        if (!isAlive) upload = undefined;
        if (last === undefined) continue;
        if (error instanceof BlobMismatch) mismatches++;
        // The read has been repeated already where that helps.
        if (this.#read !== undefined && isOfSource(error) && !(error instanceof BlobMismatch)) throw error;
        const again = error instanceof BlobMismatch ? mismatches < 2 : this.#mayWork(error);
        if (!again || attempt >= maxAttempts) throw error;
        attempt++;
      } finally {
        release();
      }
    }
  }

  async #pause(fault: RegistryError, number: number): Promise<void> {
    const { timing } = this.#context.client.host(this.destination.repo.host);
    const pauseMs = pauseBeforeRetry(fault, number, timing) ?? backoff(number, timing);
    await this.#reporting('retry', rest(pauseMs, this.destination.signal));
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
    const { client, source } = this.#context;
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
      trail: this.#trail,
      handlers: {
        ...onSource(this.#context, this.#blob),
        onSent: (_, bytes) => this.sent(bytes),
        onContinued: (_, offset, after) => this.continued(offset, after),
        onStalled: (_, forMs, awaits) => this.stalled(forMs, awaits),
        onDropped(_, dropped) {
          fault = dropped;
        },
      },
      signal: this.destination.signal,
    });
    if (fault !== undefined) throw fault;
    for (const each of complete) await this.#complete(each);
  }

  /** Commits what has arrived. */
  async #complete(upload: BlobUpload): Promise<void> {
    try {
      await this.#reporting('commit', upload.complete());
    } catch (error) {
      // The parts that it kept do not fit together, or it changed them: it gets the blob once more in one piece.
      if (error instanceof RegistryError && error.code === 'target-corrupt') {
        this.#mayContinue = false;
        if (upload.isInParts) this.#context.client.host(this.destination.repo.host).uploadHabits.spoiledParts();
      }
      throw error;
    }
    await this.#recorder.remove();
    this.#deliver('uploaded');
  }

  async #prepare(): Promise<BlobUpload | undefined> {
    const { client } = this.#context;
    const { repo, signal, looks } = this.destination;
    const { digest } = this.#blob;
    this.#abandon();
    const [isThere, left] = await Promise.all([
      looks.hasBlob(this.#blob),
      this.#leftOver(),
      client.host(repo.host).uploadHabits.load(),
    ]);
    const failing = left instanceof BlobUpload ? undefined : left;
    if (isThere) {
      this.#abandon();
      if (failing !== undefined) await this.#replace(failing);
      this.#deliver('already-there');
      return undefined;
    }
    if (left instanceof BlobUpload) return left;
    const mountFrom = client.blobLocationCache.of(repo.host, digest);
    if (mountFrom.length === 0) this.#read?.begin();
    const session = await mountOrOpen(client, repo, this.#blob, { mountFrom, proves: looks.proves, signal });
    if (session === 'mounted') {
      if (failing !== undefined) await this.#replace(failing);
      this.#deliver('mounted');
      return undefined;
    }
    if (failing !== undefined) {
      // The registry works for another upload by now: if that one fails once more, it fails alone.
      const again = await this.#leftOver();
      if (again instanceof BlobUpload) {
        void abandonUpload({ client, repo, session });
        return again;
      }
      if (again !== undefined) await this.#replace(again);
    }
    this.#upload = new BlobUpload(client, repo, this.#blob, {
      session,
      isWhole: this.#read !== undefined,
      mayContinue: this.#mayContinue,
      signal,
    });
    return this.#upload;
  }

  /**
   * The upload that an earlier process left, if the registry still has it. That costs one request.
   *
   * @returns the session alone if the registry answers 500 to the question, on this upload or as a whole: it stays recorded
   */
  async #leftOver(): Promise<BlobUpload | UploadSession | undefined> {
    const record = await this.#recorder.take();
    if (record === undefined) return undefined;
    const { client } = this.#context;
    const { repo, signal } = this.destination;
    const session = { location: new URL(record.location), foreign: record.foreign };
    const state = await askUploadState({ client, repo, session, signal });
    if (state.kind === 'failed') return session;
    const known = { finished: record.offset, sent: record.size };
    const offset = state.kind === 'open' ? arrivedBytes(state.range, known) : undefined;
    if (state.kind !== 'open' || offset === undefined || offset === 0) {
      await this.#recorder.remove();
      if (state.kind !== 'forgotten') void abandonUpload({ client, repo, session });
      return undefined;
    }
    await this.#trail.restore(record.hashes);
    this.#upload = new BlobUpload(client, repo, this.#blob, { session: state.session, offset, signal });
    return this.#upload;
  }

  /** Another upload takes the place of one that an earlier process left. */
  async #replace(session: UploadSession): Promise<void> {
    await this.#recorder.remove();
    void abandonUpload({ client: this.#context.client, repo: this.destination.repo, session });
  }

  #failed(error: unknown): void {
    const alive = this.#upload?.isOver === false ? this.#upload : undefined;
    if (this.#mayWork(error) && !this.destination.signal.aborted) void this.alone(error, alive);
    else this.reject(error);
  }

  /** A target may demand a pause in the middle of an upload; nothing has waited for it yet. */
  #mayWork(error: unknown): error is RegistryError {
    if (!(error instanceof RegistryError) || error instanceof UploadGivenUp) return false;
    const isOurs = error.decision === 'retry' || (error instanceof RegistryFault && error.side === 'target');
    const { timing } = this.#context.client.host(this.destination.repo.host);
    return isOurs && pauseBeforeRetry(error, 1, timing) !== undefined;
  }

  /**
   * Ends an upload.
   *
   * @param reason why the destination does not get the blob now. Another process may continue, unless someone has to act
   *   first. Absent: the upload is replaced, or not needed
   */
  #abandon(reason?: unknown): void {
    const upload = this.#upload;
    if (upload === undefined) return;
    this.#upload = undefined;
    const { standing } = upload;
    upload.end();
    const { client } = this.#context;
    const isStopping = reason !== undefined && !(reason instanceof RegistryError);
    const mayContinue = isStopping || (reason instanceof RegistryError && reason.decision !== 'block');
    if (client.uploads !== undefined && mayContinue && standing.flushed > 0) {
      this.#recorder.leave(standing);
      return;
    }
    void this.#recorder.remove();
    if (!isStopping) void abandonUpload({ client, repo: this.destination.repo, session: standing.session });
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

  async #reporting<T>(awaits: TransferWait, step: Promise<T>): Promise<T> {
    const { timing } = this.#context.client.host(this.destination.repo.host);
    return reportingStall(new StallReport(timing, (forMs, waits) => this.stalled(forMs, waits)), awaits, step);
  }
}

function isOfSource(error: RegistryError): boolean {
  return error instanceof RegistryFault && error.side === 'source';
}
