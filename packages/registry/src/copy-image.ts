import { sendAll, workList } from './blobs/blob-work.js';
import type { Blob } from './blobs/image-blobs.js';
import type { TransferContext } from './blobs/transfer-context.js';
import { rateMeter } from './blobs/transfer-slots.js';
import type {
  BlobShare,
  ContinuedUpload,
  CopyOptions,
  CopyProgress,
  CopyReport,
  CopyRequest,
  TargetFailure,
  TargetResult,
} from './copy-types.js';
import { RegistryError } from './errors.js';
import { withPreparedCopy } from './prepare-copy.js';
import type { PreparedCopy } from './prepare-copy.js';
import type { PreparedTarget } from './prepare-target.js';
import type { RegistryClient } from './registry-client.js';
import { RegistryFault } from './registry-errors.js';
import { TargetRun } from './target-run.js';
import { sharedSignal } from './transport/shared-signal.js';

/** Blobs that are looked for, opened, in flight or committed: more than have bytes in flight, which then never wait. */
const blobsAtOnce = 32;
/** The same for a copy whose blobs in flight are limited: the same number again is ahead or behind. */
const blobsPerSlot = 2;

/**
 * Copies an image from its source to every target: each blob is read once for all targets that lack it, nothing is
 * committed before its digest is verified, children go before the index, and the tag comes last and is read back.
 *
 * @param request what to copy, and to which targets
 * @param options.signal ends it; the promise is rejected with its reason
 * @param options.onProgress called for each step, synchronously; it must not throw
 * @param options.concurrentBlobs most blobs in flight at once, largest first; default: as many as make it faster
 * @returns what each target got; a target that failed is in `failures`, and the others have everything
 * @throws RegistryError for a fault of the source that leaves no target done; the signal's reason when aborted
 */
export async function copyImage(
  client: RegistryClient,
  request: CopyRequest,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const { onProgress = () => {}, concurrentBlobs = Infinity } = options;
  const signal = sharedSignal(options.signal);
  const settings = { onProgress, concurrentBlobs, signal };
  return await withPreparedCopy(
    client,
    request,
    { copies: true, signal },
    async (prepared) => await copyPrepared(client, request, prepared, settings),
  );
}

interface CopySettings {
  readonly onProgress: (progress: CopyProgress) => void;
  readonly concurrentBlobs: number;
  readonly signal: AbortSignal;
}

async function copyPrepared(
  client: RegistryClient,
  request: CopyRequest,
  prepared: PreparedCopy,
  { onProgress, concurrentBlobs, signal }: CopySettings,
): Promise<CopyReport> {
  // From here on aborts are noticed by their event; one that came a moment ago has no event any more.
  signal.throwIfAborted();
  const { targets, plan } = prepared;
  const done = targets.filter((target) => target.plan.alreadyThere);
  const incomplete = targets.filter((target) => !target.plan.alreadyThere);
  for (const { plan: there } of done) onProgress({ type: 'target-done', target: there.target, digest: there.digest });
  for (const { target, failure } of plan.failures) {
    onProgress({ type: 'target-failed', target, reason: failure.message });
  }
  const outcome =
    incomplete.length === 0
      ? nothingRequired
      : await copyRequired(client, prepared, incomplete, { onProgress, concurrentBlobs, signal });
  const { copied, faults, bytesRead } = outcome;
  throwFaultOfSource(
    faults.map(({ failure }) => failure),
    copied.length + done.length,
  );
  return {
    sourceDigest: plan.sourceDigest,
    missingPlatforms: plan.missingPlatforms,
    bytesRead,
    targets: inOrder(request, [...done.map(alreadyThere), ...copied]),
    failures: [...plan.failures, ...faults],
  };
}

interface CopyOutcome {
  readonly copied: readonly TargetResult[];
  readonly faults: readonly TargetFailure[];
  readonly bytesRead: number;
}

const nothingRequired: CopyOutcome = { copied: [], faults: [], bytesRead: 0 };

async function copyRequired(
  client: RegistryClient,
  { source }: PreparedCopy,
  incomplete: readonly PreparedTarget[],
  { onProgress, concurrentBlobs, signal }: CopySettings,
): Promise<CopyOutcome> {
  let bytesRead = 0;
  let endRuns = (): void => {};
  const passesOver = new Promise<void>((resolve) => {
    endRuns = resolve;
  });
  const measure = rateMeter(client, source, incomplete);
  const continued = new Map<string, Map<string, ContinuedUpload>>();
  const context: TransferContext = {
    client,
    source,
    slots: { most: concurrentBlobs, inFlight: 0 },
    passesOver,
    report(progress) {
      if (progress.type === 'read') bytesRead += progress.bytes;
      if (progress.type === 'continued') {
        const { target, digest, offset, size, after } = progress;
        continued.set(target, (continued.get(target) ?? new Map()).set(digest, { digest, offset, size, after }));
      }
      measure(progress);
      onProgress(progress);
    },
    signal,
  };
  const runs = incomplete.map((target) => new TargetRun(context, target));
  const results = runs.map((run) => run.result);
  const required = await Promise.all(runs.map((run) => run.requiredBlobs()));
  const work = workList(runs, required);
  const bytes = work.reduce((sum, { blob }) => sum + blob.size, 0);
  const lacking = runs.map(({ identity: { target } }, position) => ({ target, ...shareOf(required[position] ?? []) }));
  context.report({ type: 'planned', blobs: work.length, bytes, targets: lacking });

  await sendAll(context, work, Math.min(blobsAtOnce, blobsPerSlot * concurrentBlobs)).finally(endRuns);
  const finished = await Promise.all(results);
  signal.throwIfAborted();

  const copied = finished
    .filter((result): result is TargetResult => !(result instanceof RegistryError))
    .map((result) => ({ ...result, continued: continuedOn(continued.get(result.target)) }));
  const faults = runs.flatMap((run, position) => {
    const failure = finished[position];
    return failure instanceof RegistryError ? [{ ...run.identity, failure }] : [];
  });
  return { copied, faults, bytesRead };
}

function shareOf(blobs: readonly Blob[]): BlobShare {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}

function continuedOn(
  uploads: ReadonlyMap<string, ContinuedUpload> | undefined,
): readonly ContinuedUpload[] | undefined {
  return uploads === undefined ? undefined : [...uploads.values()];
}

/** Throws the source's fault where it stopped every target: then no target is to blame. */
function throwFaultOfSource(faults: readonly RegistryError[], succeeded: number): void {
  const [first] = faults;
  if (first === undefined || succeeded > 0) return;
  if (faults.every((fault) => fault instanceof RegistryFault && fault.side === 'source')) throw first;
}

function alreadyThere({ plan }: PreparedTarget): TargetResult {
  return { ...plan, outcome: 'already-there', uploadedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0, bytesSent: 0 };
}

function inOrder({ targets }: CopyRequest, results: readonly TargetResult[]): readonly TargetResult[] {
  const order = new Map(targets.map(({ name }, position) => [name, position]));
  return [...results].sort((a, b) => (order.get(a.target) ?? 0) - (order.get(b.target) ?? 0));
}
