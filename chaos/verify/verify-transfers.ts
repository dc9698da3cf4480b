import type { Exchange } from '../../demo/line/line.js';
import { sourceNames, targetNames } from '../plan/parts.js';
import type { ChaosStage } from '../stage/stage.js';
import { uploadAccounts } from './upload-accounts.js';
import type { UploadAccount } from './upload-accounts.js';
import type { Violation } from './violation.js';

/**
 * What an upload may lose when it is interrupted: the last bytes that it sent stay in memory up to this size, and what a
 * worker records of an upload is at most this far behind.
 */
const chunkBytes = 8 * 1024 * 1024;
/** Of the headers of one request. */
const headerBytes = 1024;

export interface TransferFigures {
  readonly bytesRead: number;
  readonly bytesSent: number;
  /** Of blobs that were committed, each once for its repository. */
  readonly bytesNeeded: number;
  /** Each blob that was read at all, once. */
  readonly bytesReadOnce: number;
  readonly uploads: number;
  readonly interruptions: number;
  readonly mostLost: number;
  /** Uploads that began again from byte 0 while the database was away, and what they had sent. */
  readonly excused: { readonly uploads: number; readonly bytes: number };
  /** Blobs that went to a second repository of a target that could have been mounted there, and their bytes. */
  readonly notMounted: { readonly blobs: number; readonly bytes: number };
}

export interface TransferOptions {
  /** Size of each blob by its digest. */
  readonly sizes: ReadonlyMap<string, number>;
  /** When uploads could not be recorded: milliseconds since 1970. */
  readonly databaseAway: readonly (readonly [number, number])[];
}

/** Compares what went over the lines with what had to. */
export async function verifyTransfers(
  stage: ChaosStage,
  { sizes, databaseAway }: TransferOptions,
): Promise<{ readonly violations: readonly Violation[]; readonly figures: TransferFigures }> {
  const violations: Violation[] = [];
  const figures = { bytesSent: 0, bytesNeeded: 0, uploads: 0, interruptions: 0, mostLost: 0 };
  const excused = { uploads: 0, bytes: 0 };
  const notMounted = { blobs: 0, bytes: 0 };
  for (const target of targetNames) {
    const exchanges = await stage.lines[target].exchanges();
    const uploads = uploadAccounts(exchanges, stage.registries[target].requests());
    figures.uploads += uploads.length;
    for (const upload of uploads) {
      const needed = upload.committed === undefined ? 0 : (sizes.get(upload.committed.digest) ?? 0);
      const lost = Math.max(0, upload.sent - needed - upload.requests.length * headerBytes);
      figures.bytesSent += upload.sent;
      figures.bytesNeeded += needed;
      figures.interruptions += upload.breaks;
      if (lost <= chunkBytes * Math.max(1, upload.breaks)) figures.mostLost = Math.max(figures.mostLost, lost);
      else if (databaseAway.some(([from, to]) => from <= upload.endedAt && to >= upload.startedAt)) {
        excused.uploads += 1;
        excused.bytes += lost;
      } else violations.push({ promise: 'lost', text: `${target}: ${describe(upload)} lost ${lost} bytes` });
    }
    for (const text of sentAgain(uploads)) violations.push({ promise: 'again', text: `${target}: ${text}` });
    for (const digest of inSecondRepository(uploads)) {
      notMounted.blobs += 1;
      notMounted.bytes += sizes.get(digest) ?? 0;
    }
  }

  let [bytesRead, bytesReadOnce, reads] = [0, 0, 0];
  for (const source of sourceNames) {
    const read = blobReads(await stage.lines[source].exchanges());
    for (const [digest, { bytes, requests }] of read) {
      bytesRead += bytes;
      reads += requests;
      bytesReadOnce += Math.min(bytes, sizes.get(digest) ?? 0);
    }
  }
  const mayBeRead = figures.bytesSent + chunkBytes * figures.interruptions + headerBytes * reads;
  if (bytesRead > mayBeRead)
    violations.push({ promise: 'read', text: `${bytesRead} bytes were read, and ${figures.bytesSent} sent` });
  return { violations, figures: { ...figures, bytesRead, bytesReadOnce, excused, notMounted } };
}

/** Uploads of which more than a chunk was sent after the same repository had the blob. */
function sentAgain(uploads: readonly UploadAccount[]): readonly string[] {
  return uploads.flatMap((upload) => {
    const digest = upload.committed?.digest;
    const first = uploads.find(
      (other) =>
        other !== upload &&
        other.repository === upload.repository &&
        other.committed?.digest === digest &&
        (other.committed?.at ?? Infinity) < (upload.committed?.at ?? 0),
    );
    if (digest === undefined || first === undefined) return [];
    const again = upload.requests.filter(({ sentAt }) => sentAt > (first.committed?.at ?? Infinity));
    const bytes = again.reduce((sum, request) => sum + request.bytes, 0);
    return bytes > headerBytes * again.length
      ? [`${digest} was sent again to ${upload.repository}, ${bytes} bytes`]
      : [];
  });
}

/** Blobs whose upload began when another repository had had them for a while. */
function inSecondRepository(uploads: readonly UploadAccount[]): readonly string[] {
  const knownAfterMs = 30_000;
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

function blobReads(exchanges: readonly Exchange[]): ReadonlyMap<string, { bytes: number; requests: number }> {
  const reads = new Map<string, { bytes: number; requests: number }>();
  for (const { request, bytes } of exchanges) {
    const digest = /^GET \/v2\/.+\/blobs\/(sha256:[0-9a-f]{64})$/.exec(request ?? '')?.[1];
    if (digest === undefined) continue;
    const { bytes: before, requests } = reads.get(digest) ?? { bytes: 0, requests: 0 };
    reads.set(digest, { bytes: before + bytes.down, requests: requests + 1 });
  }
  return reads;
}

function describe({ repository, upload, sent, breaks, committed }: UploadAccount): string {
  const became = committed === undefined ? 'was never finished' : `became ${committed.digest}`;
  return `upload ${upload} to ${repository} (${sent} bytes sent, ${breaks} interruptions, ${became})`;
}
