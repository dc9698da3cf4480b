import type { TemporalClient } from '../client/connect.js';
import { imageProgress } from '../client/image-progress.js';
import { syncProgress } from '../client/sync-requests.js';
import type { SyncAllResult, SyncProgress } from '../contract/sync-messages.js';
import { megabytes, progressLine, printMessage, startDrawing } from './output.js';

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
  const view = process.stderr.isTTY ? await redrawn() : plain();
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: () => void = () => undefined;
  const watching = (async () => {
    while (!over) {
      const progress = await (signal === undefined
        ? query()
        : temporal.client.connection.withAbortSignal(signal, query));
      // A query that was answered before the run began may return after its end, and would show no progress.
      if (!over && progress !== undefined && progress.phase !== 'starting') await view.show(progress, temporal);
      if (over) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, redrawIntervalMs);
      });
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
      const images = await Promise.all(
        progress.inFlight.map(async (image) => {
          const bytes = await imageProgress(temporal, image);
          return progressLine(
            image,
            bytes === undefined ? '' : `${megabytes(bytes.bytesRead)} read, ${megabytes(bytes.bytesSent)} sent`,
          );
        }),
      );
      drawing.draw([headline(progress), ...images]);
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
    async show(progress) {
      const line = headline(progress);
      if (line === shown || Date.now() - shownAt < lineIntervalMs) return;
      printMessage(line);
      shown = line;
      shownAt = Date.now();
    },
    close: () => undefined,
  };
}

function headline({ phase, queued, inFlight, result }: SyncProgress): string {
  const { pushed, waiting, retrying, blocked } = result;
  return `${phase}: ${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked; ${inFlight.length} in flight, ${queued} queued`;
}
