import type { UploadRecord } from '@image-ferry/registry/upload-records';

import type { UploadSessionStore } from '../database/upload-session-store.js';
import { inParallel } from '../domain/in-parallel.js';
import type { CopyEngine } from './engine-ports.js';

/** Per run. More are rare, since uploads expire at their registry. */
const maxCancelled = 100;
const atOnce = 4;
const timeoutMs = 10_000;

export interface UnwantedUploadPorts {
  readonly uploads: Pick<UploadSessionStore, 'unwanted' | 'remove'>;
  readonly engine: Pick<CopyEngine, 'cancelUpload'>;
}

export interface CancelledUploads {
  readonly cancelled: number;
  /** Registries that did not cancel theirs, with the number; they forget them by themselves. */
  readonly notCancelled: ReadonlyMap<string, number>;
}

/**
 * Cancels uploads that no copy will continue, so that they take no space on the targets. Each is tried once, and then no
 * longer recorded. A registry that does not answer is not asked again in this run.
 *
 * @throws the signal's reason
 */
export async function cancelUnwantedUploads(
  { uploads, engine }: UnwantedUploadPorts,
  signal: AbortSignal,
): Promise<CancelledUploads> {
  const notCancelled = new Map<string, number>();
  let cancelled = 0;
  await inParallel(await uploads.unwanted(maxCancelled), atOnce, async (upload) => {
    const { registry } = upload;
    if (!notCancelled.has(registry) && (await isCancelled(upload))) cancelled += 1;
    else notCancelled.set(registry, (notCancelled.get(registry) ?? 0) + 1);
    await uploads.remove(upload);
  });
  return { cancelled, notCancelled };

  async function isCancelled(upload: UploadRecord): Promise<boolean> {
    try {
      await engine.cancelUpload(upload, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
      return true;
    } catch {
      // The error is not passed on: it may name the location.
      signal.throwIfAborted();
      return false;
    }
  }
}
