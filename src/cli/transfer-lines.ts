import { printBytes } from '../domain/byte-count.js';
import { describeContinued, describeRead, describeStall } from '../domain/transfer-meter.js';
import type { TargetTransfer, TransferState } from '../domain/transfer-meter.js';
import { progressLine } from './output.js';

/** The lines of one running copy: the source's first, then one for each target. */
export function transferLines(source: string, transfer: TransferState): string[] {
  const { stalled, targets } = transfer;
  const read = stalled === undefined ? describeRead(transfer) : `${describeRead(transfer)}; ${describeStall(stalled)}`;
  return [
    progressLine(source, read).trimStart(),
    ...targets.map((target) => progressLine(target.target, describeTarget(target))),
  ];
}

function describeTarget({ state, bytesDone, bytesTotal, stalled, continued }: TargetTransfer): string {
  const parts = [bytesTotal === 0 ? 'nothing to send' : `${printBytes(bytesDone)} of ${printBytes(bytesTotal)}`];
  if (state !== 'moving') parts.push(state);
  if (stalled !== undefined) parts.push(describeStall(stalled));
  else if (continued !== undefined && state === 'moving') parts.push(describeContinued(continued));
  return parts.join('; ');
}
