import { RegistryError } from '../errors.js';
import type { RegistryClient } from '../registry-client.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { startBlobHash } from './blob-hash.js';
import { BlobRead } from './blob-read.js';
import type { BlobUpload } from './blob-upload.js';
import type { Blob } from './image-blobs.js';
import { SlowTargetDetector } from './slow-target-detector.js';

/** The source pauses while a target has this many bytes buffered, and resumes at half of it (measured best). */
const highWaterBytes = 1024 * 1024;
const lowWaterBytes = highWaterBytes / 2;

export interface FanOutHandlers {
  /** Every upload has been opened, or refused; now bytes move. */
  onOpened?(): void;
  onRead(bytes: number): void;
  onSent(upload: BlobUpload, bytes: number): void;
  /** This upload is dropped; the others continue. */
  onDropped(upload: BlobUpload, fault: RegistryError): void;
}

/**
 * Reads a blob once and writes it to every upload as it arrives. The slowest upload sets the pace. An upload is dropped
 * if it fails, accepts nothing for `stallMs`, or alone holds the others up (`SlowTargetDetector`); the others continue.
 *
 * @returns the uploads that have every byte, verified and not yet committed
 * @throws BlobMismatch, RegistryFault of the source; every upload is cancelled then
 */
export async function fanOut(
  client: RegistryClient,
  source: RepositoryRef,
  blob: Blob,
  {
    uploads,
    handlers,
    signal,
  }: {
    readonly uploads: readonly BlobUpload[];
    readonly handlers: FanOutHandlers;
    readonly signal: AbortSignal;
  },
): Promise<readonly BlobUpload[]> {
  const active = new Set(uploads);
  let paused = false;

  const read = new BlobRead(client, source, blob, {
    hash: startBlobHash(blob.digest),
    handlers: {
      onBytesRead: (bytes) => handlers.onRead(bytes),
      onChunk(chunk, lease) {
        let full = false;
        for (const upload of active) {
          upload.write(chunk, lease);
          full ||= upload.unsentBytes > highWaterBytes;
        }
        if (!full) return;
        paused = true;
        read.pause();
      },
    },
    signal,
  });

  function goOn(): void {
    if (!paused) return;
    for (const upload of active) if (upload.unsentBytes > lowWaterBytes) return;
    paused = false;
    read.resume();
  }

  function drop(upload: BlobUpload, fault: RegistryError): void {
    if (!active.delete(upload)) return;
    handlers.onDropped(upload, fault);
    if (active.size === 0) read.stop();
    else goOn();
  }

  const { stallMs, laggingMs } = client.host(source.host).timing;
  const checkMs = Math.max(10, Math.min(1000, stallMs / 4, laggingMs / 4));
  let checkedAt = performance.now();
  const trial = client.host(source.host).slowTargets.trial();
  const paces = new Map(
    uploads.map((upload) => {
      const target = upload.repo.host;
      const load = (): number => client.host(target).lanes.target.load;
      return [upload, new SlowTargetDetector(blob.size, { windowMs: laggingMs, now: checkedAt, target, load, trial })];
    }),
  );
  const watchdog = setInterval(() => {
    const now = performance.now();
    const sinceMs = now - checkedAt;
    checkedAt = now;
    // This process itself did not run (a busy or sleeping machine): no registry is to blame for the silence.
    if (sinceMs > 3 * checkMs) return;
    for (const upload of active) {
      if (now - upload.lastMoveAt < stallMs) continue;
      upload.cancel();
      drop(upload, stalled(upload.repo, blob, `took no byte for ${stallMs / 1000} s`));
    }
    const [slowest, ...more] = [...active].filter(({ unsentBytes }) => unsentBytes > lowWaterBytes);
    if (paused && slowest !== undefined && more.length === 0) paces.get(slowest)?.waited(sinceMs);
    for (const upload of active) {
      const pace = paces.get(upload);
      if (pace?.isTooSlow(now) !== true || active.size < 2) continue;
      upload.cancel();
      drop(upload, new TooSlow(upload.repo, blob, pace.drop(now)));
    }
  }, checkMs);

  try {
    await Promise.all(
      uploads.map(async (upload) => {
        try {
          await upload.start({
            onFlushed(bytes) {
              paces.get(upload)?.sent(bytes);
              handlers.onSent(upload, bytes);
              goOn();
            },
            onFailure: (fault) => drop(upload, fault),
          });
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof RegistryError)) throw error;
          drop(upload, error);
        }
      }),
    );
    handlers.onOpened?.();
    if (active.size > 0) await read.run();
    return [...active];
  } catch (error) {
    for (const upload of active) upload.cancel();
    throw error;
  } finally {
    clearInterval(watchdog);
    trial.end(performance.now());
  }
}

/** The others no longer wait for this target. It tries again automatically. */
export class Stalled extends RegistryFault {}

/** It delays the others with this blob. */
export class TooSlow extends RegistryFault {
  /** The others are much faster without it. */
  readonly isConfirmed: Promise<boolean>;

  constructor(repo: RepositoryRef, { digest }: Blob, isConfirmed: Promise<boolean>) {
    const message = `it is much slower than the other targets while ${digest} is sent to it`;
    super(message, { repo, code: 'stalled', decision: 'retry' });
    this.isConfirmed = isConfirmed;
  }
}

export function stalled(repo: RepositoryRef, { digest }: Blob, what: string): Stalled {
  return new Stalled(`it ${what} while ${digest} was sent to it`, { repo, code: 'stalled', decision: 'retry' });
}
