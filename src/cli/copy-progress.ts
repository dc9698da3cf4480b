import type { CopyProgress } from '@image-ferry/registry';

import { megabytes, progressLine, printMessage, startDrawing } from './output.js';

const redrawIntervalMs = 100;

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
  let open = true;
  return {
    show(progress) {
      if (progress.type === 'planned' && progress.blobs > 0) {
        printMessage(`${progress.blobs} blobs to check, ${megabytes(progress.bytes)}`);
      }
      if (progress.type === 'target-done') printMessage(`done: ${progress.target}`);
      // The report prints each failure once, with its reason.
    },
    close(last) {
      if (open && last !== undefined) printMessage(last);
      open = false;
    },
  };
}

interface TargetLine {
  sent: number;
  skipped: number;
  state: string;
}

async function redrawn(source: string): Promise<CopyView> {
  const drawing = await startDrawing();
  const targets = new Map<string, TargetLine>();
  let total = 0;
  let read = 0;
  const lineOf = (target: string): TargetLine => {
    const known = targets.get(target) ?? { sent: 0, skipped: 0, state: '' };
    targets.set(target, known);
    return known;
  };
  const paint = (): void => {
    const lines = [...targets].map(([target, { sent, skipped, state }]) =>
      progressLine(
        target,
        `${megabytes(sent)} sent, ${megabytes(skipped)} not needed${state === '' ? '' : `  ${state}`}`,
      ),
    );
    const headline = progressLine(source, `${megabytes(read)} of ${megabytes(total)} read`).trimStart();
    drawing.draw([headline, ...lines]);
  };
  const timer = setInterval(paint, redrawIntervalMs);
  let open = true;
  return {
    show(progress) {
      if (progress.type === 'planned') total = progress.bytes;
      if (progress.type === 'read') read += progress.bytes;
      if (progress.type === 'sent') lineOf(progress.target).sent += progress.bytes;
      if (progress.type === 'blob' && progress.outcome !== 'uploaded') lineOf(progress.target).skipped += progress.size;
      if (progress.type === 'target-done') lineOf(progress.target).state = 'done';
      if (progress.type === 'target-failed') lineOf(progress.target).state = 'failed';
    },
    close(last) {
      if (!open) return;
      open = false;
      clearInterval(timer);
      drawing.clear();
      if (last !== undefined) printMessage(last);
    },
  };
}
