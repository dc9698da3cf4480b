import type { CopyProgress } from '@image-ferry/registry';

import { printBytes } from '../domain/byte-count.js';
import { NewStalls } from '../domain/new-stalls.js';
import { TransferMeter, describeContinued, describeRead, describeStall } from '../domain/transfer-meter.js';
import { printMessage, startDrawing } from './output.js';
import { transferLines } from './transfer-lines.js';

const redrawIntervalMs = 100;
/** Without a terminal, a line now and then shows how far a long copy is. */
const lineIntervalMs = 15_000;

export interface CopyView {
  show(progress: CopyProgress): void;
  /** Clears the redrawn lines and prints `last` in their place. Further calls do nothing. */
  close(last?: string): void;
}

/** Shows the progress of a copy on standard error: redrawn on a terminal, otherwise one line per event. */
export async function watchCopy(source: string, targets: number): Promise<CopyView> {
  return process.stderr.isTTY ? redrawn(source) : plain(source, targets);
}

function plain(source: string, targets: number): CopyView {
  printMessage(`copying ${source} to ${targets} ${targets === 1 ? 'target' : 'targets'}`);
  const meter = new TransferMeter();
  const stalls = new NewStalls();
  const timer = setInterval(() => printMessage(describeRead(meter.state(performance.now()))), lineIntervalMs);
  timer.unref();
  let open = true;
  return {
    show(progress) {
      meter.add(progress, performance.now());
      if (progress.type === 'planned' && progress.blobs > 0) {
        printMessage(`${progress.blobs} blobs to check, ${printBytes(progress.bytes)}`);
      }
      if (progress.type === 'target-done') printMessage(`done: ${progress.target}`);
      if (progress.type === 'continued') {
        printMessage(`${progress.target}: the upload of ${progress.digest} ${describeContinued(progress)}`);
      }
      if (stalls.isNew(progress) && progress.type === 'stalled') {
        printMessage(`${progress.target ?? source}: ${describeStall(progress)}`);
      }
      // The report prints each failure once, with its reason.
    },
    close(last) {
      clearInterval(timer);
      if (open && last !== undefined) printMessage(last);
      open = false;
    },
  };
}

async function redrawn(source: string): Promise<CopyView> {
  const drawing = await startDrawing();
  const meter = new TransferMeter();
  const timer = setInterval(() => {
    drawing.draw(transferLines(source, meter.state(performance.now())));
  }, redrawIntervalMs);
  let open = true;
  return {
    show: (progress) => meter.add(progress, performance.now()),
    close(last) {
      if (!open) return;
      open = false;
      clearInterval(timer);
      drawing.clear();
      if (last !== undefined) printMessage(last);
    },
  };
}
