import type { UploadAccount } from './upload-accounts.js';
import type { Violation } from './violation.js';

/**
 * What an upload may lose when it is interrupted: the last bytes that it sent stay in memory up to this size, and what a
 * worker records of an upload is at most this far behind.
 */
export const chunkBytes = 8 * 1024 * 1024;
/** Of the headers of one request. */
export const headerBytes = 1024;
/** When an image has been on a target this long, its blobs are known to every worker. */
const knownAfterMs = 30_000;

export interface UploadFigures {
  readonly bytesSent: number;
  /** Of blobs that were committed, each once for its repository. */
  readonly bytesNeeded: number;
  readonly uploads: number;
  readonly interruptions: number;
  /** The most that one upload lost. */
  readonly mostLost: number;
  /** What all of them lost. */
  readonly lost: number;
  /** Uploads that began again from byte 0 while the database was away, and what they had sent. */
  readonly excused: { readonly uploads: number; readonly bytes: number };
  /** Blobs that went to a second repository of a target although they could have been mounted there. */
  readonly notMounted: { readonly blobs: number; readonly bytes: number };
}

export interface JudgeOptions {
  /** Size of each blob by its digest. */
  readonly sizes: ReadonlyMap<string, number>;
  /** When uploads could not be recorded: milliseconds since 1970. */
  readonly databaseAway: readonly (readonly [number, number])[];
}

/** Compares what was sent to one target with what had to be sent. */
export function judgeUploads(
  uploads: readonly UploadAccount[],
  { sizes, databaseAway }: JudgeOptions,
): { readonly violations: readonly Violation[]; readonly figures: UploadFigures } {
  const violations: Violation[] = [];
  const figures = { bytesSent: 0, bytesNeeded: 0, uploads: uploads.length, interruptions: 0, mostLost: 0, lost: 0 };
  const excused = { uploads: 0, bytes: 0 };
  for (const upload of uploads) {
    figures.bytesSent += upload.sent;
    figures.interruptions += upload.breaks;
    // Its size is not known: the registry was killed before it logged what it had answered.
    if (upload.outcome === 'unlogged') {
      figures.bytesNeeded += upload.sent;
      continue;
    }
    const needed = upload.committed === undefined ? 0 : (sizes.get(upload.committed.digest) ?? 0);
    const lost = Math.max(0, upload.sent - needed - upload.requests.length * headerBytes);
    figures.bytesNeeded += needed;
    figures.lost += lost;
    if (lost <= chunkBytes * Math.max(1, upload.breaks)) figures.mostLost = Math.max(figures.mostLost, lost);
    else if (databaseAway.some(([from, to]) => from <= upload.endedAt && to >= upload.startedAt)) {
      excused.uploads += 1;
      excused.bytes += lost;
    } else violations.push({ promise: 'lost', text: `${describe(upload)} lost ${lost} bytes` });
  }
  const again = sentAgain(uploads).map((text): Violation => ({ promise: 'again', text }));
  const second = inSecondRepository(uploads);
  const notMounted = {
    blobs: second.length,
    bytes: second.reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0),
  };
  return { violations: [...violations, ...again], figures: { ...figures, excused, notMounted } };
}

/** Uploads with requests that began after the same repository had the blob, and that brought bytes of it. */
function sentAgain(uploads: readonly UploadAccount[]): readonly string[] {
  return uploads.flatMap(({ committed, repository, requests, upload }) => {
    if (committed === undefined) return [];
    const there = Math.min(
      ...uploads.flatMap((other) =>
        other.upload !== upload && other.repository === repository && other.committed?.digest === committed.digest
          ? [other.committed.at]
          : [],
      ),
    );
    const again = requests.filter(({ sentAt }) => sentAt > there);
    const bytes = again.reduce((sum, request) => sum + request.bytes, 0);
    return bytes > headerBytes * again.length ? [`${committed.digest} again to ${repository}, ${bytes} bytes`] : [];
  });
}

/** Blobs whose upload began when another repository had had them for a while. */
function inSecondRepository(uploads: readonly UploadAccount[]): readonly string[] {
  return uploads.flatMap(({ committed, repository, startedAt }) => {
    const isKnown = uploads.some(
      (other) =>
        other.repository !== repository &&
        other.committed !== undefined &&
        other.committed.digest === committed?.digest &&
        other.committed.at + knownAfterMs < startedAt,
    );
    return committed !== undefined && isKnown ? [committed.digest] : [];
  });
}

function describe({ repository, upload, sent, breaks, committed, outcome }: UploadAccount): string {
  const became = committed === undefined ? outcome : `became ${committed.digest}`;
  return `upload ${upload} to ${repository} (${sent} bytes sent, ${breaks} interruptions, ${became})`;
}
