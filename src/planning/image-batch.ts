/** Many images in one activity: planned together, recorded together, and copied if they are small. */
import type { CopyProgress } from '@image-ferry/registry';

import type {
  CopyImageInput,
  ImagePlan,
  SingleImage,
  SyncImagesHeartbeat,
  SyncImagesResult,
} from '../contract/activity-types.js';
import { pauseBeforeNextAttempt } from '../contract/copy-attempts.js';
import { copiedImage, copiedTargets, stoppedImage } from '../contract/recorded-image.js';
import type { CopyPlan, RecordedImage } from '../contract/recorded-image.js';
import { nothingSettled, withImage } from '../contract/settled-images.js';
import type { SettledImages, SyncImageResult } from '../contract/sync-messages.js';
import type { PlanReadsStore } from '../database/plan-reads-store.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { ReplacedCopy, RunStore } from '../database/run-store.js';
import { TransferMeter } from '../domain/transfer-meter.js';
import type { ImageSlots } from './image-slots.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import type { ImagePlanner, PlanPorts } from './plan-image.js';
import { runCopy } from './run-copy.js';
import type { CopyPorts } from './run-copy.js';

/** An image with more compressed bytes than this has an activity of its own. */
const smallImageBytes = 8 * 1024 * 1024;
/** What plans of single images may add to a result, in characters: Temporal's payloads are limited. */
const mostPlanLength = 256 * 1024;
const transfersShown = 20;

export interface BatchPorts extends PlanPorts, CopyPorts {
  readonly engine: PlanPorts['engine'] & CopyPorts['engine'];
  readonly pushed: PlanPorts['pushed'] & Pick<PushedImageStore, 'recordOutcomes'>;
  readonly reads: Pick<PlanReadsStore, 'read'>;
  readonly runs: Pick<RunStore, 'pushedIn'>;
}

/** What is over when a batch begins. */
export const nothingOver: SyncImagesHeartbeat = { settled: nothingSettled, single: [], over: [], transfers: [] };

export interface BatchParts {
  readonly ports: BatchPorts;
  readonly planner: ImagePlanner;
  readonly slots: ImageSlots;
}

export interface BatchRequest {
  readonly run: string;
  readonly images: readonly string[];
  /** What an earlier attempt reported before its process died; absent: there was none. */
  readonly before?: SyncImagesHeartbeat | undefined;
  readonly signal: AbortSignal;
  /** Takes what makes the details of heartbeats. */
  readonly reportFrom: (describe: () => SyncImagesHeartbeat) => void;
  /** Called for each image whose copy begins. @returns what is called with each step of the copy */
  readonly watch: (image: string) => (progress: CopyProgress) => void;
}

type Step =
  | { readonly kind: 'over'; readonly result: SyncImageResult }
  | { readonly kind: 'record'; readonly recorded: RecordedImage }
  | { readonly kind: 'single'; readonly single: SingleImage };

/** @throws FerryError of the database; the signal's reason */
export async function syncBatch(parts: BatchParts, request: BatchRequest): Promise<SyncImagesResult> {
  return await new ImageBatch(parts, request).sync();
}

class ImageBatch {
  readonly #parts: BatchParts;
  readonly #request: BatchRequest;
  readonly #recorder: OutcomeRecorder;
  /** Aborted when the batch is cancelled, or when one image fails: the next attempt must not find the others at work. */
  readonly #abort = new AbortController();
  readonly #meters = new Map<string, TransferMeter>();
  readonly #over: string[];
  readonly #single: SingleImage[];
  #settled: SettledImages;
  #planLength = 0;

  constructor(parts: BatchParts, request: BatchRequest) {
    this.#parts = parts;
    this.#request = request;
    const { ports } = parts;
    const { before = nothingOver, run } = request;
    this.#recorder = new OutcomeRecorder(ports.pushed, { targets: ports.targets, run });
    this.#over = [...before.over];
    this.#single = [...before.single];
    this.#settled = before.settled;
  }

  async sync(): Promise<SyncImagesResult> {
    const { ports, planner, slots } = this.#parts;
    const { images, before, run, signal } = this.#request;
    const abort = (): void => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#request.reportFrom(() => this.#heartbeat());
    try {
      signal.throwIfAborted();
      const known = new Set(this.#over);
      const rest = images.filter((image) => !known.has(image));
      // Recorded by an attempt that could not report it any more.
      const pushed =
        before === undefined ? new Map<string, readonly ReplacedCopy[]>() : await ports.runs.pushedIn(run, rest);
      const reading = planner.withReads(await ports.reads.read(rest, ports.targets));
      const work = rest.map(async (image) => {
        try {
          await slots.run(async () => await this.#syncImage(image, reading, pushed.get(image)));
        } catch (error) {
          this.#abort.abort(error);
          throw error;
        }
      });
      await Promise.allSettled(work);
      await Promise.all(work);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return { settled: this.#settled, single: this.#single };
  }

  /** @param replaced set if an earlier attempt recorded the image as pushed */
  async #syncImage(image: string, planner: ImagePlanner, replaced: readonly ReplacedCopy[] | undefined): Promise<void> {
    const { signal } = this.#abort;
    signal.throwIfAborted();
    const plan = await planner.plan(image, { signal, lastAttempt: false });
    const isPushed = plan.kind === 'nothing' && replaced !== undefined;
    const step = isPushed ? over(alreadyPushed(image, replaced)) : await this.#next(image, plan);
    if (step.kind === 'record') await this.#recorder.record(step.recorded);
    if (step.kind === 'single') this.#single.push(this.#fitting(step.single));
    else this.#settled = withImage(this.#settled, step.kind === 'record' ? step.recorded.result : step.result);
    this.#over.push(image);
  }

  async #next(image: string, plan: ImagePlan): Promise<Step> {
    const now = Date.now();
    const toRetry = (): Step => ({ kind: 'single', single: { image, plan } });
    switch (plan.kind) {
      case 'nothing':
        return over({ image, state: 'nothing', targets: [], notDone: [], bytesRead: 0 });
      case 'adopted':
        return over({ image, state: 'pushed', targets: plan.targets, notDone: [], bytesRead: 0 });
      case 'stopped': {
        if (pauseBeforeNextAttempt(0, [plan.fault]) !== undefined) return toRetry();
        return { kind: 'record', recorded: stoppedImage(image, plan, { done: [], bytesRead: 0 }, now) };
      }
      case 'left': {
        const { left } = plan;
        const isToRetry = pauseBeforeNextAttempt(
          0,
          left.map(({ fault }) => fault),
        );
        if (isToRetry !== undefined) return toRetry();
        const copied = { done: [], open: [], missingPlatforms: [], bytesRead: 0 };
        return { kind: 'record', recorded: copiedImage(image, plan, { left, copied }, now) };
      }
      case 'planned':
        return await this.#copied(image, plan);
      default:
        return plan satisfies never;
    }
  }

  async #copied(image: string, plan: CopyPlan): Promise<Step> {
    const retrying = plan.open.filter(({ fault }) => fault !== undefined);
    const input = copyInput(image, plan);
    const isSmall = plan.imageBytes !== undefined && plan.imageBytes <= smallImageBytes;
    const isDirect = plan.open.every(({ destination }) => destination.engine === undefined);
    if (retrying.length > 0 || (plan.open.length > 0 && !(isSmall && isDirect && input !== undefined))) {
      return { kind: 'single', single: { image, plan } };
    }
    const results = plan.open.length === 0 || input === undefined ? [] : [await this.#copy(input)];
    const copied = copiedTargets(plan, { retrying }, results);
    const { left } = plan;
    const faults = [...copied.open, ...left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    if (pauseBeforeNextAttempt(0, faults) !== undefined) {
      return { kind: 'single', single: { image, plan, copied } };
    }
    return { kind: 'record', recorded: copiedImage(image, plan, { left, copied }, Date.now()) };
  }

  async #copy(input: CopyImageInput): ReturnType<typeof runCopy> {
    const { image } = input;
    const meter = new TransferMeter();
    const watch = this.#request.watch(image);
    this.#meters.set(image, meter);
    let bytesRead = 0;
    try {
      return await runCopy(this.#parts.ports, input, {
        signal: this.#abort.signal,
        bytesRead: () => bytesRead,
        onProgress: (progress) => {
          if (progress.type === 'read') bytesRead += progress.bytes;
          meter.add(progress, performance.now());
          watch(progress);
        },
      });
    } finally {
      this.#meters.delete(image);
    }
  }

  /** Without its plan, an image is planned once more. */
  #fitting(single: SingleImage): SingleImage {
    this.#planLength += JSON.stringify(single).length;
    return this.#planLength <= mostPlanLength || single.copied !== undefined ? single : { image: single.image };
  }

  /** What the next attempt needs. Plans are left out, since a heartbeat is sent every two seconds. */
  #heartbeat(): SyncImagesHeartbeat {
    const now = performance.now();
    const meters = [...this.#meters].slice(0, transfersShown);
    return {
      settled: this.#settled,
      single: this.#single.map(({ image, plan, copied }) =>
        copied === undefined ? { image } : { image, plan, copied },
      ),
      over: this.#over,
      transfers: meters.map(([image, meter]) => ({ image, transfer: meter.state(now) })),
    };
  }
}

function over(result: SyncImageResult): Step {
  return { kind: 'over', result };
}

function alreadyPushed(image: string, replaced: readonly ReplacedCopy[]): SyncImageResult {
  const nothingSent = { platforms: [], dropped: [], uploadedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0, bytesSent: 0 };
  const targets = replaced.map((copy) => ({ ...copy, ...nothingSent, state: 'pushed', mediaType: '' }) as const);
  return { image, state: 'pushed', targets, notDone: [], bytesRead: 0 };
}

/** @returns undefined if only Docker daemons copy the image */
function copyInput(image: string, plan: CopyPlan): CopyImageInput | undefined {
  const { sourceDigest, platforms, open, from } = plan;
  if (sourceDigest === undefined) return undefined;
  const destinations = open.map(({ destination }) => destination);
  return { image, sourceDigest, platforms, destinations, ...(plan.force === true ? { force: true } : {}), from };
}
