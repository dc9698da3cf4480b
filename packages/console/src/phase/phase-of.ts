import type { ListedImage, Progress, Transfer } from '../api/types.js';

/** What happens to an image now, beyond the state of its row. */
export type Phase =
  /** The source gives no more pulls until then, UTC milliseconds. */
  | { readonly name: 'allowance'; readonly until: number }
  /** Pending, and no sync run is in progress. */
  | { readonly name: 'next-run' }
  /** The sync run in progress has not come to it. */
  | { readonly name: 'queued' }
  /** Its manifests are read and compared with the targets. */
  | { readonly name: 'planning' }
  | { readonly name: 'copying'; readonly percent: number }
  | { readonly name: 'stalled' }
  /** Every byte was sent: the manifests are put, and the tags read back. */
  | { readonly name: 'verifying' };

type Row = Pick<ListedImage, 'image' | 'state' | 'allowanceAt'>;

/** @param progress absent: not known */
export function phaseOf({ image, state, allowanceAt }: Row, progress: Progress | null | undefined): Phase | undefined {
  if (state === 'pushed' || state === 'withdrawn') return undefined;
  const isRunning = progress !== undefined && progress !== null && !['idle', 'done'].includes(progress.phase);
  const transfer = isRunning ? progress.transfers.find((one) => one.image === image) : undefined;
  if (transfer !== undefined) return phaseOfTransfer(transfer);
  if (isRunning && progress.working.includes(image)) return { name: 'planning' };
  if (state === 'waiting' && allowanceAt !== undefined) return { name: 'allowance', until: allowanceAt };
  if (state !== 'pending') return undefined;
  return { name: isRunning ? 'queued' : 'next-run' };
}

function phaseOfTransfer({ stalled, targets, bytesRead, bytesTotal }: Transfer): Phase {
  const open = targets.filter((target) => target.state === 'moving');
  if (targets.length > 0 && open.length === 0) return { name: 'verifying' };
  if (stalled !== undefined || open.some((target) => target.stalled !== undefined)) return { name: 'stalled' };
  const total = targets.reduce((sum, target) => sum + target.bytesTotal, 0);
  const done = targets.reduce((sum, target) => sum + target.bytesDone, 0);
  if (total > 0 && done >= total) return { name: 'verifying' };
  const share = total > 0 ? done / total : bytesRead / Math.max(1, bytesTotal);
  return { name: 'copying', percent: Math.min(99, Math.floor(share * 100)) };
}
