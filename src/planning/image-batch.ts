/** Many images in one activity: planned together, recorded together, and copied if they are small. */
import { setImmediate } from 'node:timers/promises';

import type { CopyProgress } from '@image-ferry/registry';

import type { CopyImageInput, ImagePlan, SyncImagesHeartbeat, SyncImagesResult } from '../contract/activity-types.js';
import { pauseBeforeNextAttempt } from '../contract/copy-attempts.js';
import { copiedImage, copiedTargets, copyInput, stoppedImage } from '../contract/recorded-image.js';
import type { CopyPlan, RecordedImage } from '../contract/recorded-image.js';
import type { PlanReadsStore } from '../database/plan-reads-store.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { RunStore, SettledOutcome } from '../database/run-store.js';
import { FerryError } from '../domain/ferry-error.js';
import { joinCalls } from '../domain/join-calls.js';
import { TransferMeter } from '../domain/transfer-meter.js';
import { BatchTally, nothingOver } from './batch-tally.js';
import { resultRecorded } from './earlier-attempt.js';
import type { ImageSlots } from './image-slots.js';
import { answersIn, over } from './image-step.js';
import type { ImageStep } from './image-step.js';
import type { ImageTurns } from './image-turns.js';
import type { ImagePlanner, PlanPorts } from './plan-image.js';
import { runCopy } from './run-copy.js';
import type { CopyPorts } from './run-copy.js';
import type { TargetOutages } from './target-outages.js';

/** An image with more compressed bytes than this has an activity of its own. */
const smallImageBytes = 8 * 1024 * 1024;
/** Rows that were read longer ago are read again: people change them while a batch lasts. */
const rowsAreFreshMs = 30_000;
const transfersShown = 20;

export interface BatchPorts extends PlanPorts, CopyPorts {
  readonly engine: PlanPorts['engine'] & CopyPorts['engine'];
  readonly pushed: PlanPorts['pushed'] & Pick<PushedImageStore, 'recordOutcomes'>;
  readonly reads: Pick<PlanReadsStore, 'read'>;
  readonly runs: Pick<RunStore, 'settledIn'>;
}

export interface BatchParts {
  readonly ports: BatchPorts;
  readonly planner: ImagePlanner;
  readonly slots: ImageSlots;
  readonly turns: ImageTurns;
  readonly outages: TargetOutages;
}

export interface BatchRequest {
  readonly run: string;
  readonly images: readonly string[];
  /** They were requested: others do not delay them. */
  readonly areAsked?: boolean | undefined;
  /** What an earlier attempt reported before its process died; absent: there was none. */
  readonly before?: SyncImagesHeartbeat | undefined;
  readonly signal: AbortSignal;
  /** Takes what makes the details of heartbeats. */
  readonly reportFrom: (describe: () => SyncImagesHeartbeat) => void;
  /** Called for each image whose copy begins. @returns what is called with each step of the copy */
  readonly watch: (image: string) => (progress: CopyProgress) => void;
}

/** @throws FerryError of the database; the signal's reason */
export async function syncBatch(parts: BatchParts, request: BatchRequest): Promise<SyncImagesResult> {
  return await new ImageBatch(parts, request).sync();
}

class ImageBatch {
  readonly #parts: BatchParts;
  readonly #request: BatchRequest;
  readonly #record: (recorded: readonly RecordedImage[]) => Promise<void>;
  /** Aborted when the batch is cancelled, or when one image fails: the next attempt must not find the others at work. */
  readonly #abort = new AbortController();
  readonly #meters = new Map<string, TransferMeter>();
  readonly #tally: BatchTally;
  #reading: { readonly planner: Promise<ImagePlanner>; readonly at: number } | undefined;

  constructor(parts: BatchParts, request: BatchRequest) {
    this.#parts = parts;
    this.#request = request;
    const { pushed, targets } = parts.ports;
    const context = { targets, run: request.run };
    // Images that end in the same turn of the event loop belong together.
    this.#record = joinCalls(async (all) => await pushed.recordOutcomes(all, context), setImmediate);
    this.#tally = new BatchTally(request.before ?? nothingOver);
  }

  async sync(): Promise<SyncImagesResult> {
    const { slots, turns } = this.#parts;
    const { areAsked = false, signal } = this.#request;
    const abort = (): void => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#request.reportFrom(() => this.#heartbeat());
    try {
      signal.throwIfAborted();
      const work = this.#rest().map(async (image) => {
        try {
          await turns.run(
            image,
            this.#abort.signal,
            async () => await slots.run(async () => await this.#syncImage(image), { isAsked: areAsked }),
          );
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
    return this.#tally.result();
  }

  #rest(): readonly string[] {
    const { over: known } = this.#tally;
    return this.#request.images.filter((image) => !known.has(image));
  }

  async #syncImage(image: string): Promise<void> {
    const { signal } = this.#abort;
    signal.throwIfAborted();
    const { outages, ports } = this.#parts;
    const names = this.#request.areAsked === true ? [] : ports.targets.map(({ name }) => name);
    const step = await outages.run(names, { signal, answers: answersIn }, async () => await this.#stepOf(image));
    if (step.kind === 'record') await this.#record([step.recorded]);
    if (step.kind === 'single') this.#tally.addSingle(step.single);
    else this.#tally.addSettled(step.kind === 'record' ? step.recorded.result : step.result);
  }

  async #stepOf(image: string): Promise<ImageStep> {
    const { signal } = this.#abort;
    const planner = await this.#planner();
    try {
      const plan = await planner.plan(image, { signal, lastAttempt: false });
      const recorded = plan.kind === 'nothing' ? await this.#recordedBefore(image) : undefined;
      return recorded === undefined ? await this.#next(image, plan) : over(resultRecorded(image, recorded));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FerryError) throw error;
      // A bug that this image uncovers must not keep the others: its own workflow meets it again, and reports it.
      return { kind: 'single', single: { image } };
    }
  }

  /** With the rows of all images that are not over, which are read together. */
  async #planner(): Promise<ImagePlanner> {
    const { ports, planner } = this.#parts;
    const now = performance.now();
    if (this.#reading === undefined || now - this.#reading.at > rowsAreFreshMs) {
      const reads = ports.reads.read(this.#rest(), ports.targets);
      this.#reading = { planner: reads.then((read) => planner.withReads(read)), at: now };
    }
    return await this.#reading.planner;
  }

  /** What an attempt recorded that could not report it any more. */
  async #recordedBefore(image: string): Promise<SettledOutcome | undefined> {
    const { before, run } = this.#request;
    if (before === undefined) return undefined;
    return (await this.#parts.ports.runs.settledIn(run, [image])).get(image);
  }

  async #next(image: string, plan: ImagePlan): Promise<ImageStep> {
    const now = Date.now();
    const toRetry = (): ImageStep => ({ kind: 'single', single: { image, plan } });
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

  async #copied(image: string, plan: CopyPlan): Promise<ImageStep> {
    const retrying = plan.open.filter(({ fault }) => fault !== undefined);
    const { sourceDigest, imageBytes, left } = plan;
    const destinations = plan.open.map(({ destination }) => destination);
    const isSmall = imageBytes !== undefined && imageBytes <= smallImageBytes;
    const isDirect = sourceDigest !== undefined && destinations.every(({ engine }) => engine === undefined);
    if (retrying.length > 0 || (destinations.length > 0 && !(isSmall && isDirect))) {
      return { kind: 'single', single: { image, plan } };
    }
    const results =
      destinations.length === 0 || sourceDigest === undefined
        ? []
        : [await this.#copy(copyInput(image, plan, { sourceDigest, destinations }))];
    const copied = copiedTargets(plan, { retrying }, results);
    const faults = [...copied.open, ...left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    if (pauseBeforeNextAttempt(0, faults) !== undefined) {
      const isOfSource = results.some(({ sourceFault }) => sourceFault !== undefined);
      return { kind: 'single', single: { image, plan, copied }, isOfSource };
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

  #heartbeat(): SyncImagesHeartbeat {
    const now = performance.now();
    const meters = [...this.#meters].slice(0, transfersShown);
    return {
      ...this.#tally.heartbeat(),
      transfers: meters.map(([image, meter]) => ({ image, transfer: meter.state(now) })),
    };
  }
}
