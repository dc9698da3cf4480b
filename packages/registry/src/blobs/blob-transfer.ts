import type { RepositoryRef } from '../repository-ref.js';
import { BlobMismatch } from './blob-mismatch.js';
import { BlobUploadTask } from './blob-upload-task.js';
import type { BlobUploadResult, BlobDestination } from './blob-upload-task.js';
import type { BlobUpload } from './blob-upload.js';
import { fanOut } from './fan-out.js';
import { HashTrail } from './hash-trail.js';
import type { Blob } from './image-blobs.js';
import { SmallBlobRead } from './small-blob-read.js';
import { onSource } from './transfer-context.js';
import type { TransferContext } from './transfer-context.js';
import { withTransferSlot } from './transfer-slots.js';

export interface BlobTransfer {
  /** Every target of the shared read has accepted or refused the blob's length, or the read is over. Never rejects. */
  readonly opened: Promise<void>;
  /** The shared read is over; targets that were dropped from it may still catch up. Never rejects. */
  readonly shared: Promise<void>;
  readonly deliveries: ReadonlyMap<BlobDestination, Promise<BlobUploadResult>>;
}

/** A target leaves the shared read if it lacks so much less than it is ahead: then a second read of that costs little. */
const leadThatLeaves = 4;

/**
 * Brings one blob to every destination that lacks it and reads the source once for all that keep up. Each destination
 * ends separately: a failure of one does not affect the others.
 */
export function transferBlob(
  context: TransferContext,
  blob: Blob,
  destinations: readonly BlobDestination[],
): BlobTransfer {
  const trail = new HashTrail(blob, context.client.uploads === undefined ? 'never' : 'when-slow');
  const tasks = destinations.map((destination) => new BlobUploadTask(context, blob, destination, trail));
  const deliveries = new Map(tasks.map((task) => [task.destination, task.done]));
  if (isSmall(context, blob)) {
    const shared = wholeToEach(context, blob, tasks);
    return { deliveries, opened: shared, shared };
  }
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const shared = together(context, blob, { tasks, trail, onOpened: open }).finally(open);
  return { deliveries, opened, shared };
}

/** Whether a blob is read whole and sent with one request. */
export function isSmall({ client }: TransferContext, { size }: Blob): boolean {
  return size <= client.smallBlobBytes;
}

/** A small blob is mostly waiting for answers: no target waits for another. */
async function wholeToEach(context: TransferContext, blob: Blob, tasks: readonly BlobUploadTask[]): Promise<void> {
  const read = new SmallBlobRead(context, blob);
  for (const task of tasks) task.claim();
  const all = tasks.map(async (task) => {
    // Two targets on one registry get it at the same time: a mount would only come later.
    await task.whole(read, { waitForHost: !tasks.some((other) => other.isLeaderOf(task)) });
  });
  // A target that is slow to answer continues in the background.
  await mostOf(all, context.client.host(context.source.host).timing.joinMs);
}

interface CommonRun {
  readonly tasks: readonly BlobUploadTask[];
  readonly trail: HashTrail;
  readonly onOpened: () => void;
}

async function together(context: TransferContext, blob: Blob, { tasks, trail, onOpened }: CommonRun): Promise<void> {
  const joining = tasks.filter((task) => !task.destination.lagging && task.claim());
  for (const task of tasks) if (!joining.includes(task)) void task.alone();
  if (joining.length === 0) return;

  try {
    for (let reread = false; ; reread = true) {
      const uploads = await prepareTogether(
        context,
        joining.filter((task) => task.isOpen),
      );
      if (uploads.size === 0) return;
      try {
        const complete = await withTransferSlot(context, blob, reposOf(uploads), async () => {
          leaveLaggingBehind(uploads);
          letFinish(uploads, blob);
          return uploads.size === 0 ? [] : pass(context, blob, { uploads, trail, onOpened });
        });
        const commits = complete.map(async (upload) => uploads.get(upload)?.commit(upload));
        // A target that is slow to commit continues in the background; the next blob does not wait for it.
        await mostOf(commits, context.client.host(context.source.host).timing.joinMs);
        return;
      } catch (error) {
        if (error instanceof BlobMismatch && !reread) continue;
        throw error;
      }
    }
  } catch (error) {
    for (const task of joining) if (!task.isCatchingUp) task.reject(error);
  }
}

function reposOf(uploads: ReadonlyMap<BlobUpload, BlobUploadTask>): readonly RepositoryRef[] {
  return [...uploads.values()].map(({ destination }) => destination.repo);
}

/** Another blob may have shown that a target is too slow while this one waited for its turn. */
function leaveLaggingBehind(uploads: Map<BlobUpload, BlobUploadTask>): void {
  for (const [upload, task] of uploads) {
    if (!task.destination.lagging) continue;
    uploads.delete(upload);
    void task.alone(undefined, upload);
  }
}

/** A target that earlier processes brought most of the blob does not wait for one that lacks much more. */
function letFinish(uploads: Map<BlobUpload, BlobUploadTask>, { size }: Blob): void {
  const first = Math.min(...[...uploads.keys()].map(({ position }) => position));
  for (const [upload, task] of uploads) {
    const [ahead, left] = [upload.position - first, size - upload.position];
    if (ahead <= leadThatLeaves * left) continue;
    uploads.delete(upload);
    void task.alone(undefined, upload);
  }
}

/** Waits a short time for targets that are slow to answer; after that they read the blob separately. */
async function prepareTogether(
  { client, source }: TransferContext,
  tasks: readonly BlobUploadTask[],
): Promise<Map<BlobUpload, BlobUploadTask>> {
  const ready = new Map<BlobUpload, BlobUploadTask>();
  const late = new Set(tasks);
  let closed = false;
  const preparing = tasks.map(async (task) => {
    // This read serves two targets on one registry: if they waited for each other, they would only delay it.
    const upload = await task.prepare({ waitForHost: !tasks.some((other) => other.isLeaderOf(task)) });
    late.delete(task);
    if (upload === undefined) return;
    if (closed) void task.alone(undefined, upload);
    else ready.set(upload, task);
  });
  await mostOf(preparing, client.host(source.host).timing.joinMs);
  closed = true;
  for (const task of late) task.comeLater();
  return ready;
}

async function pass(
  context: TransferContext,
  blob: Blob,
  {
    uploads,
    trail,
    onOpened,
  }: Omit<CommonRun, 'tasks'> & { readonly uploads: ReadonlyMap<BlobUpload, BlobUploadTask> },
): Promise<readonly BlobUpload[]> {
  const { client, source, signal } = context;
  return fanOut(client, source, blob, {
    uploads: [...uploads.keys()],
    trail,
    handlers: {
      onOpened,
      ...onSource(context, blob),
      onSent: (upload, bytes) => uploads.get(upload)?.sent(bytes),
      onContinued: (upload, offset, after) => uploads.get(upload)?.continued(offset, after),
      onStalled: (upload, forMs, awaits) => uploads.get(upload)?.stalled(forMs, awaits),
      onDropped: (upload, fault) => uploads.get(upload)?.dropped(fault),
    },
    signal,
  });
}

/** Waits for the first, and then no longer than `graceMs` for the others. None of them may reject. */
async function mostOf(promises: readonly Promise<void>[], graceMs: number): Promise<void> {
  if (promises.length === 0) return;
  await Promise.race(promises);
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.all(promises), grace]);
  clearTimeout(timer);
}
