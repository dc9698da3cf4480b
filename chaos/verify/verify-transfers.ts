import type { Exchange } from '../../demo/line/line.js';
import { sourceNames, targetNames } from '../plan/parts.js';
import type { ChaosStage } from '../stage/stage.js';
import { chunkBytes, headerBytes, judgeUploads } from './judge-uploads.js';
import type { JudgeOptions, UploadFigures } from './judge-uploads.js';
import { uploadAccounts } from './upload-accounts.js';
import type { Violation } from './violation.js';

export interface TransferFigures extends UploadFigures {
  readonly bytesRead: number;
  /** Each blob that was read at all, once. */
  readonly bytesReadOnce: number;
}

/** Compares what went over the lines with what had to. */
export async function verifyTransfers(
  stage: ChaosStage,
  options: JudgeOptions,
): Promise<{ readonly violations: readonly Violation[]; readonly figures: TransferFigures }> {
  const violations: Violation[] = [];
  const onTargets: UploadFigures[] = [];
  for (const target of targetNames) {
    const registry = stage.registries[target];
    const uploads = uploadAccounts(await stage.lines[target].exchanges(), registry.requests(), registry.openUploads());
    const judged = judgeUploads(uploads, options);
    onTargets.push(judged.figures);
    violations.push(...judged.violations.map(({ promise, text }) => ({ promise, text: `${target}: ${text}` })));
  }
  const figures = onTargets.reduce(sumOf);

  let [bytesRead, bytesReadOnce, reads] = [0, 0, 0];
  for (const source of sourceNames) {
    for (const [digest, { bytes, requests }] of blobReads(await stage.lines[source].exchanges())) {
      bytesRead += bytes;
      reads += requests;
      bytesReadOnce += Math.min(bytes, options.sizes.get(digest) ?? 0);
    }
  }
  const mayBeRead = figures.bytesSent + chunkBytes * figures.interruptions + headerBytes * reads;
  if (bytesRead > mayBeRead)
    violations.push({ promise: 'read', text: `${bytesRead} bytes were read, and ${figures.bytesSent} sent` });
  return { violations, figures: { ...figures, bytesRead, bytesReadOnce } };
}

function sumOf(one: UploadFigures, other: UploadFigures): UploadFigures {
  return {
    bytesSent: one.bytesSent + other.bytesSent,
    bytesNeeded: one.bytesNeeded + other.bytesNeeded,
    uploads: one.uploads + other.uploads,
    interruptions: one.interruptions + other.interruptions,
    mostLost: Math.max(one.mostLost, other.mostLost),
    lost: one.lost + other.lost,
    excused: {
      uploads: one.excused.uploads + other.excused.uploads,
      bytes: one.excused.bytes + other.excused.bytes,
    },
    notMounted: {
      blobs: one.notMounted.blobs + other.notMounted.blobs,
      bytes: one.notMounted.bytes + other.notMounted.bytes,
    },
  };
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
