import type { CopyProgress } from '../copy-types.js';
import type { RegistryClient } from '../registry-client.js';
import type { RepositoryRef } from '../repository-ref.js';
import type { Blob } from './image-blobs.js';
import type { TransferContext } from './transfer-context.js';

/**
 * Runs the transfer of a blob's bytes when its source and each of its targets have a slot for it. Only the bytes need
 * slots: the requests before and after them mostly wait, and run beside other blobs' bytes.
 *
 * @throws what `work` throws; the context's signal's reason
 */
export async function withTransferSlot<T>(
  context: TransferContext,
  blob: Blob,
  targets: readonly RepositoryRef[],
  work: () => Promise<T>,
): Promise<T> {
  await context.mayFlow;
  const leave = await takeTransferSlot(context, blob, targets, context.signal);
  return await work().finally(leave);
}

/** The same without work. @returns a function that frees the slot */
export async function takeTransferSlot(
  { client, source, slots }: TransferContext,
  { size }: Blob,
  targets: readonly RepositoryRef[],
  signal: AbortSignal,
): Promise<() => void> {
  const lanes = [source, ...targets].map(({ host, side }) => client.host(host).lanes[side]);
  return await client.transfers.acquire({ copy: slots, size, lanes, signal });
}

/** Measures the rates of the hosts by what a copy reports. */
export function rateMeter(
  { host, transfers }: RegistryClient,
  source: RepositoryRef,
  targets: readonly { readonly repo: RepositoryRef; readonly plan: { readonly target: string } }[],
): (progress: CopyProgress) => void {
  const readFrom = host(source.host).lanes.source;
  const sentTo = new Map(targets.map(({ plan, repo }) => [plan.target, host(repo.host).lanes.target]));
  return (progress) => {
    if (progress.type === 'read') transfers.moved(readFrom, progress.bytes);
    if (progress.type !== 'sent') return;
    const lane = sentTo.get(progress.target);
    if (lane !== undefined) transfers.moved(lane, progress.bytes);
  };
}
