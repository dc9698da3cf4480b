import type { RegistryError } from '../errors.js';
import { unpooled } from '../transport/buffer-pool.js';
import type { BlobUpload } from './blob-upload.js';
import { stalled } from './fan-out.js';
import type { Blob } from './image-blobs.js';

/**
 * Sends a blob whose verified bytes are in memory, and commits it.
 *
 * @param options.stallMs an upload that accepts no byte for this long is given up
 * @throws RegistryError
 */
export async function sendWhole(
  upload: BlobUpload,
  { blob, bytes }: { readonly blob: Blob; readonly bytes: Buffer },
  { stallMs, onSent }: { readonly stallMs: number; readonly onSent: (bytes: number) => void },
): Promise<void> {
  let fault: RegistryError | undefined;
  const watchdog = setInterval(() => {
    // An upload that looks for a way to continue counts its own attempts.
    if (upload.brokenSince !== undefined || performance.now() - upload.lastMoveAt < stallMs) return;
    fault = stalled(upload.repo, blob, `took no byte for ${stallMs / 1000} s`);
    upload.end();
  }, stallMs / 4);
  try {
    await upload.start({
      onFlushed: onSent,
      onFailure(early) {
        fault = early;
      },
    });
    if (bytes.length > 0) upload.write(bytes, unpooled);
    await upload.complete();
  } catch (error) {
    throw fault ?? error;
  } finally {
    clearInterval(watchdog);
  }
}
