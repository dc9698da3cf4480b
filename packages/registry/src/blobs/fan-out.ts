import type { ContinuedAfter, TransferWait } from '../copy-types.js';
import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { Timing } from '../transport/timing.js';
import { BlobMismatch, mismatch } from './blob-mismatch.js';
import { BlobRead } from './blob-read.js';
import type { BlobUpload } from './blob-upload.js';
import type { HashTrail, TrackedHash } from './hash-trail.js';
import type { Blob } from './image-blobs.js';
import { SlowTargetDetector } from './slow-target-detector.js';
import { trialBytes } from './slow-targets.js';
import type { SlowTargets, SlowTargetTrial } from './slow-targets.js';
import { StallReport } from './stall-report.js';

/** The source pauses while a target has this many bytes buffered, and resumes at half of it (measured best). */
const highWaterBytes = 1024 * 1024;
const lowWaterBytes = highWaterBytes / 2;

export interface FanOutHandlers {
  /** Every upload has been opened, or refused; now bytes move. */
  onOpened?(): void;
  onRead(bytes: number): void;
  onSent(upload: BlobUpload, bytes: number): void;
  /** @param offset bytes that the target has */
  onContinued(upload: BlobUpload, offset: number, after: ContinuedAfter): void;
  /** The target takes nothing. */
  onStalled(upload: BlobUpload, forMs: number, awaits: TransferWait): void;
  onSourceStalled(forMs: number, awaits: TransferWait): void;
  /** This upload is dropped; the others continue. It may continue, too, with another read. */
  onDropped(upload: BlobUpload, fault: RegistryError): void;
}

/**
 * Reads a blob once and writes it to every upload as it arrives. The slowest upload sets the pace. Each upload gets only
 * the bytes that it lacks: the read begins at the first byte that any of them lacks. An upload is dropped if it fails,
 * accepts nothing for `stallMs`, looks for a way to continue for longer than `joinMs` while others wait, or alone holds
 * the others up (`SlowTargetDetector`, `SlowTargets`); the others continue.
 *
 * @returns the uploads that have every byte, verified and not yet committed
 * @throws BlobMismatch, RegistryFault of the source
 */
export async function fanOut(
  client: RegistryClient,
  source: RepositoryRef,
  blob: Blob,
  {
    uploads,
    trail,
    handlers,
    signal,
  }: {
    readonly uploads: readonly BlobUpload[];
    readonly trail: HashTrail;
    readonly handlers: FanOutHandlers;
    readonly signal: AbortSignal;
  },
): Promise<readonly BlobUpload[]> {
  const { timing, slowTargets } = client.host(source.host);
  const options = { client, timing, slowTargets };
  const members = new Map(uploads.map((upload) => [upload, new Member(upload, blob, handlers, options)]));
  const active = new Set(uploads);
  let read: BlobRead | undefined;
  let hash: TrackedHash | undefined;
  let paused = false;
  let readAt = performance.now();
  let trial: SlowTargetTrial | undefined;

  function goOn(): void {
    if (!paused) return;
    for (const upload of active) if (members.get(upload)?.isFull === true) return;
    paused = false;
    readAt = performance.now();
    read?.resume();
  }

  function drop(upload: BlobUpload, fault: RegistryError): void {
    if (!active.delete(upload)) return;
    // Everything that was given to it is hashed by now: a later read of the rest can be compared with this one.
    hash?.mark();
    members.get(upload)?.left();
    handlers.onDropped(upload, fault);
    if (active.size === 0) read?.stop();
    else goOn();
  }

  function leave(upload: BlobUpload, fault: RegistryError): void {
    const after = fault instanceof TooSlow ? 'slow-target' : 'break';
    upload.detach(fault, { isLineBroken: fault instanceof Stalled, after });
    drop(upload, fault);
  }

  /** A target that seems to be too slow is tried: its bytes queue up while the others take theirs at their own pace. */
  function judge(upload: BlobUpload, now: number): void {
    const member = members.get(upload);
    if (member === undefined || active.size < 2) return;
    const target = upload.repo.host;
    if (member.isTried) {
      const isSlow = trial?.check(member.isFull, now);
      if (isSlow !== undefined) member.ends();
      if (isSlow === true) leave(upload, new TooSlow(upload.repo, blob));
    } else if (member.pace.isTooSlow(now)) {
      if (slowTargets.isSlow(target, now)) {
        slowTargets.judge(target, true, now);
        leave(upload, new TooSlow(upload.repo, blob));
        return;
      }
      trial?.end(now);
      trial = slowTargets.try(
        target,
        [...active].map(({ repo }) => repo.host),
        now,
      );
      member.tries();
      goOn();
    }
  }

  const { stallMs, laggingMs, joinMs } = timing;
  const checkMs = Math.max(10, Math.min(1000, stallMs / 4, laggingMs / 4));
  let checkedAt = performance.now();
  const silence = new StallReport(timing, (forMs, awaits) => handlers.onSourceStalled(forMs, awaits));
  const watchdog = setInterval(() => {
    const now = performance.now();
    const sinceMs = now - checkedAt;
    checkedAt = now;
    // This process itself did not run (a busy or sleeping machine): no registry is to blame for the silence.
    if (sinceMs > 3 * checkMs) return;
    for (const upload of active) {
      const { brokenSince, lastMoveAt } = upload;
      members.get(upload)?.check(now);
      if (brokenSince !== undefined && active.size > 1 && now - brokenSince >= joinMs) {
        leave(upload, stopped(upload.repo, blob));
      } else if (brokenSince === undefined && now - lastMoveAt >= stallMs) {
        leave(upload, stalled(upload.repo, blob, `took no byte for ${stallMs / 1000} s`));
      }
    }
    const [slowest, ...more] = [...active].filter(({ unsentBytes }) => unsentBytes > lowWaterBytes);
    const isBroken = slowest?.brokenSince !== undefined;
    if (paused && slowest !== undefined && more.length === 0 && !isBroken) members.get(slowest)?.pace.waited(sinceMs);
    for (const upload of active) judge(upload, now);
    if (read !== undefined && !paused) silence.check({ since: readAt, awaits: 'source-bytes' }, now);
  }, checkMs);

  function endIfDoubtful(upload: BlobUpload): void {
    if (!trail.isDoubtful(upload)) return;
    upload.end();
    drop(upload, doubtful(upload.repo, blob));
  }

  async function begin(upload: BlobUpload): Promise<void> {
    trail.feeds(upload);
    endIfDoubtful(upload);
    if (!active.has(upload)) return;
    try {
      await upload.start({
        onFlushed(bytes) {
          members.get(upload)?.pace.sent(bytes);
          trial?.sent(upload.repo.host, bytes);
          handlers.onSent(upload, bytes);
          goOn();
        },
        onContinued: (offset, after) => handlers.onContinued(upload, offset, after),
        onFailure: (fault) => drop(upload, fault),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RegistryError)) throw error;
      drop(upload, error);
    }
  }

  try {
    await Promise.all(uploads.map((upload) => Promise.race([begin(upload), members.get(upload)?.hasLeft])));
    handlers.onOpened?.();
    if (active.size === 0) return [];
    hash = await trail.start(Math.min(...[...active].map(({ position }) => position)));
    let offset = hash.offset;
    readAt = performance.now();
    read = new BlobRead(client, source, blob, {
      hash,
      handlers: {
        onBytesRead(bytes) {
          readAt = performance.now();
          handlers.onRead(bytes);
        },
        onChunk(chunk, lease) {
          const end = offset + chunk.length;
          let full = false;
          for (const upload of active) {
            const known = upload.position - offset;
            // It has these bytes already.
            if (known >= chunk.length) continue;
            upload.write(known > 0 ? chunk.subarray(known) : chunk, lease);
            full ||= upload.unsentBytes > (members.get(upload)?.mostUnsent ?? highWaterBytes);
          }
          offset = end;
          if (!full) return;
          paused = true;
          read?.pause();
        },
      },
      signal,
    });
    await read.run();
    if (active.size > 0 && !(await hash.agrees())) {
      throw mismatch(client, source, blob, 'an earlier read brought other bytes');
    }
    for (const upload of active) endIfDoubtful(upload);
    return [...active];
  } catch (error) {
    hash?.mark();
    const isWrong = error instanceof BlobMismatch;
    if (isWrong && hash !== undefined) trail.clear(hash);
    for (const upload of active) {
      if (isWrong || !(error instanceof RegistryError)) upload.end();
      else upload.detach(error, { isLineBroken: false, after: 'break' });
    }
    throw error;
  } finally {
    clearInterval(watchdog);
    if (hash !== undefined) trail.ends(hash);
    trial?.end(performance.now());
  }
}

interface MemberOptions {
  readonly client: RegistryClient;
  readonly timing: Timing;
  readonly slowTargets: SlowTargets;
}

/** An upload as its read sees it. */
class Member {
  readonly pace: SlowTargetDetector;
  /** Resolves when it is dropped. */
  readonly hasLeft: Promise<void>;
  readonly #upload: BlobUpload;
  readonly #stall: StallReport;
  left!: () => void;
  /** The source pauses while it has more bytes than that queued. */
  mostUnsent = highWaterBytes;

  constructor(
    upload: BlobUpload,
    blob: Blob,
    handlers: FanOutHandlers,
    { client, timing, slowTargets }: MemberOptions,
  ) {
    this.#upload = upload;
    const target = upload.repo.host;
    this.pace = new SlowTargetDetector(blob.size - upload.position, {
      windowMs: timing.laggingMs,
      now: performance.now(),
      target,
      load: () => client.host(target).lanes.target.load,
      targets: slowTargets,
    });
    this.#stall = new StallReport(timing, (forMs, awaits) => handlers.onStalled(upload, forMs, awaits));
    this.hasLeft = new Promise((resolve) => {
      this.left = resolve;
    });
  }

  /** It has too much queued for the source to go on. */
  get isFull(): boolean {
    return this.#upload.unsentBytes > this.mostUnsent - lowWaterBytes;
  }

  get isTried(): boolean {
    return this.mostUnsent > highWaterBytes;
  }

  /** More of it may queue up for a while. */
  tries(): void {
    this.mostUnsent = this.#upload.unsentBytes + trialBytes;
  }

  ends(): void {
    this.mostUnsent = highWaterBytes;
  }

  check(now: number): void {
    const { standstill } = this.#upload;
    if (standstill !== undefined) this.#stall.check(standstill, now);
  }
}

/** The others no longer wait for this target. It tries again automatically. */
export class Stalled extends RegistryFault {}

/** The others are much faster without it. */
export class TooSlow extends RegistryFault {
  constructor(repo: RepositoryRef, { digest }: Blob) {
    const message = `it is much slower than the other targets while ${digest} is sent to it`;
    super(message, { repo, code: 'stalled', decision: 'retry' });
  }
}

export function stalled(repo: RepositoryRef, { digest }: Blob, what: string): Stalled {
  return new Stalled(`it ${what} while ${digest} was sent to it`, { repo, code: 'stalled', decision: 'retry' });
}

function stopped(repo: RepositoryRef, { digest }: Blob): RegistryFault {
  const message = `the upload of ${digest} broke, and the other targets did not wait for it any longer`;
  return new RegistryFault(message, { repo, code: 'unreachable', decision: 'retry' });
}

/** Another read of the blob was wrong, and this upload may have got some of its bytes. */
function doubtful(repo: RepositoryRef, { digest }: Blob): RegistryFault {
  const message = `a read of ${digest} brought other bytes than another one, so it gets the blob from its first byte on`;
  return new RegistryFault(message, { repo, code: 'source-corrupt', decision: 'retry' });
}
