import type { Digest } from '../oci/digest.js';
import type { TargetRun } from '../target-run.js';
import { isAnnounced } from '../transport/expect-continue.js';
import { isSmall, transferBlob } from './blob-transfer.js';
import type { BlobTransfer } from './blob-transfer.js';
import type { Blob } from './image-blobs.js';
import type { TransferContext } from './transfer-context.js';

/** A blob, and the targets that need it. */
export interface BlobWork {
  readonly blob: Blob;
  readonly runs: readonly TargetRun[];
}

/** Lists every blob once, the largest first. @param required the blobs that each run lacks, in the order of the runs */
export function workList(runs: readonly TargetRun[], required: readonly (readonly Blob[])[]): readonly BlobWork[] {
  const work = new Map<Digest, { readonly blob: Blob; readonly runs: TargetRun[] }>();
  for (const [position, run] of runs.entries()) {
    for (const blob of required[position] ?? []) {
      const entry = work.get(blob.digest) ?? { blob, runs: [] };
      entry.runs.push(run);
      work.set(blob.digest, entry);
    }
  }
  return [...work.values()].sort((a, b) => b.blob.size - a.blob.size);
}

/**
 * Brings all blobs to their targets, `atOnce` at a time: those whose bytes wait for a slot have been looked for and
 * opened by then. The largest start first, so that the long ones do not begin last. A blob that is larger than any that
 * a registry has accepted so far is accepted or refused before any other is sent: a limit on bodies, of the registry or
 * of a proxy before it, then shows before the first byte of a layer.
 */
export async function sendAll(context: TransferContext, work: readonly BlobWork[], atOnce: number): Promise<void> {
  const leaders = new Set(longest(context, work));
  const led = [...leaders].flatMap((each) => begin(context, each) ?? []);
  const others = work.filter((each) => !leaders.has(each));
  const queue = others.filter(({ blob }) => !isSmall(context, blob));
  const small = others.filter(({ blob }) => isSmall(context, blob));
  const { joinMs } = context.client.host(context.source.host).timing;
  const opened = settledWithin(
    led.map((transfer) => transfer.opened),
    joinMs,
  );
  const followers = { ...context, mayFlow: opened };
  await Promise.all([
    ...led.map(({ shared }) => shared),
    ...Array.from({ length: atOnce }, () => worker(followers, queue)),
    ...small.map(async (each) => await begin(followers, each)?.shared),
  ]);
}

/** A leader may itself wait for another copy's blob, whose leader waits for a blob of this one: never for long. */
async function settledWithin(promises: readonly Promise<void>[], mostMs: number): Promise<void> {
  if (promises.length === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, mostMs);
  });
  await Promise.race([Promise.all(promises), late]);
  clearTimeout(timer);
}

/** The largest blob of each target whose registry has not accepted one of that size yet. */
function longest({ client }: TransferContext, work: readonly BlobWork[]): readonly BlobWork[] {
  const seen = new Set<TargetRun>();
  return work.filter(({ blob, runs }) => {
    const unseen = runs.filter((run) => !seen.has(run));
    for (const run of unseen) seen.add(run);
    return unseen.some(({ destination }) => isAnnounced(client.host(destination.repo.host), blob.size));
  });
}

async function worker(context: TransferContext, queue: BlobWork[]): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await begin(context, next)?.shared;
}

/** @returns undefined when every target that needs it has failed meanwhile */
function begin(context: TransferContext, { blob, runs }: BlobWork): BlobTransfer | undefined {
  const waiting = runs.filter((run) => !run.isOver);
  if (waiting.length === 0) return undefined;
  const transfer = transferBlob(
    context,
    blob,
    waiting.map(({ destination }) => destination),
  );
  for (const run of waiting) run.await(blob, transfer.deliveries.get(run.destination));
  return transfer;
}
