import type { TemporalClient } from '../client/connect.js';
import { imageTransfers } from '../client/image-transfers.js';
import type { ImageTransfer } from '../client/image-transfers.js';
import { syncProgress } from '../client/sync-requests.js';
import type { SyncAllResult, SyncProgress } from '../contract/sync-messages.js';
import { printBytes } from '../domain/byte-count.js';
import { progressLine, printMessage, startDrawing } from './output.js';
import { transferLines } from './transfer-lines.js';

const redrawIntervalMs = 1_000;
/** Without a terminal, a line now and then shows that the sync run is alive. */
const lineIntervalMs = 15_000;

/**
 * Waits for a sync run and shows its progress on standard error: redrawn on a terminal, plain lines otherwise.
 *
 * @param signal ends the waiting for `result`, and any query that no worker answers
 */
export async function watchSync(
  temporal: TemporalClient,
  result: Promise<SyncAllResult>,
  signal?: AbortSignal,
): Promise<SyncAllResult> {
  const query = async (): Promise<SyncProgress | undefined> => await syncProgress(temporal);
  const { isTTY } = process.stderr;
  const view = isTTY ? await redrawn() : plain();
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: () => void = () => undefined;
  const pause = async (): Promise<void> =>
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, redrawIntervalMs);
    });
  const watching = (async () => {
    // The worker answers queries beside the run's first steps: without a terminal no user waits for the first line.
    if (!isTTY) await pause();
    while (!over) {
      const progress = await (signal === undefined
        ? query()
        : temporal.client.connection.withAbortSignal(signal, query));
      // A query that was answered before the run began may return after its end, and would show no progress.
      if (!over && progress !== undefined && progress.phase !== 'starting') await view.show(progress, temporal);
      if (!over) await pause();
    }
  })();

  try {
    return await result;
  } finally {
    over = true;
    clearTimeout(timer);
    wake();
    await watching;
    view.close();
  }
}

interface View {
  show(progress: SyncProgress, temporal: TemporalClient): Promise<void>;
  close(): void;
}

async function redrawn(): Promise<View> {
  const drawing = await startDrawing();
  return {
    async show(progress, temporal) {
      const transfers = await imageTransfers(temporal, progress);
      // Images without a transfer are many: they are planned, or wait for their turn.
      const idle = progress.single.filter((image) => !transfers.has(image)).map((image) => progressLine(image, ''));
      drawing.draw([headline(progress), ...[...transfers].flatMap(linesOf), ...idle]);
    },
    close() {
      drawing.clear();
    },
  };
}

function plain(): View {
  let shownAt = 0;
  let shown = '';
  return {
    async show(progress, temporal) {
      if (Date.now() - shownAt < lineIntervalMs) return;
      const transfers = await imageTransfers(temporal, progress);
      // A transfer that has not begun has no line of its own.
      const images = [...transfers].map(linesOf).filter((lines) => lines.length > 1);
      const lines = [headline(progress), ...images.flat()];
      if (lines.join('\n') === shown) return;
      for (const line of lines) printMessage(line);
      shown = lines.join('\n');
      shownAt = Date.now();
    },
    close: () => undefined,
  };
}

function linesOf([image, { transfer, bytesRead = 0, bytesSent = 0 }]: readonly [string, ImageTransfer]): string[] {
  if (transfer !== undefined) return transferLines(image, transfer).map((line) => `  ${line}`);
  return [progressLine(image, `${printBytes(bytesRead)} read, ${printBytes(bytesSent)} sent`)];
}

function headline({ phase, queued, inFlight, result }: SyncProgress): string {
  const { pushed, waiting, retrying, blocked } = result;
  return `${phase}: ${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked; ${inFlight.length} in flight, ${queued} queued`;
}
