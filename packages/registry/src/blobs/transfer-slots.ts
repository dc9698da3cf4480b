import type { TransferContext } from './blob-upload-task.js';
import type { Blob } from './image-blobs.js';

/**
 * Runs the transfer of a blob's bytes when there is a slot for it. Only the bytes take turns: the requests before and
 * after them mostly wait, and run beside other blobs' bytes. The largest blob is next, in whatever order they were
 * prepared: what a target takes long to store must not come last.
 *
 * @throws what `work` throws; the context's signal's reason
 */
export async function withTransferSlot<T>(
  { client, source, passes, signal }: TransferContext,
  { size }: Blob,
  work: () => Promise<T>,
): Promise<T> {
  const leaveRuns = await passes.acquire(signal, size);
  try {
    const leaveReads = await client.readTurn(source.host, signal);
    return await work().finally(leaveReads);
  } finally {
    leaveRuns();
  }
}
