/** What is recorded of an image whose plan or copy is over: for the database, and for the result of its run. */
import { openState } from '../domain/state-change.js';
import type { ImageOutcome, TargetOutcome } from '../domain/wanted-image.js';
import type {
  CopiedTargets,
  CopyImageInput,
  CopyImageResult,
  ImagePlan,
  LeftTarget,
  OpenTarget,
} from './activity-types.js';
import { againAt, stateOf } from './copy-attempts.js';
import { leftOutcome, notDoneOn, openOutcome } from './image-outcome.js';
import type { SyncImageResult } from './sync-messages.js';

export type StoppedPlan = Extract<ImagePlan, { kind: 'stopped' }>;
export type LeftPlan = Extract<ImagePlan, { kind: 'left' }>;
export type CopyPlan = Extract<ImagePlan, { kind: 'planned' }>;

/** An outcome and when its rows were read: `PushedImageStore.recordOutcomes` takes it. */
export interface RecordedImage {
  readonly outcome: ImageOutcome;
  /** UTC ms by the database's clock. */
  readonly readAt: number;
  readonly result: SyncImageResult;
}

/**
 * A fault of the source that stops the image.
 *
 * @param delivered what earlier attempts of the run copied
 * @param now UTC ms
 */
export function stoppedImage(
  image: string,
  { rows, readAt, fault, tagMissing }: StoppedPlan,
  delivered: Pick<CopiedTargets, 'done' | 'sourceDigest' | 'bytesRead'>,
  now: number,
): RecordedImage {
  const { code, reason } = fault;
  const { done: targets, bytesRead } = delivered;
  const state = stateOf(fault);
  const sourceDigest = targets.length === 0 ? undefined : delivered.sourceDigest;
  const sourceFault = { state, code, reason, tagMissing };
  return {
    outcome: { image, sourceDigest, rows, targets, missingPlatforms: [], sourceFault, bytesRead },
    readAt,
    result: {
      image,
      state,
      sourceDigest,
      targets,
      notDone: [{ image, state, code, reason }],
      bytesRead,
      againAt: againAt([fault], now),
    },
  };
}

/**
 * What each target has.
 *
 * @param left targets that were skipped
 * @param now UTC ms
 */
export function copiedImage(
  image: string,
  plan: CopyPlan | LeftPlan,
  { left, copied }: { readonly left: readonly LeftTarget[]; readonly copied: CopiedTargets },
  now: number,
): RecordedImage {
  const { missingPlatforms, bytesRead } = copied;
  const targets = [...copied.done, ...copied.open.map(openOutcome), ...left.map(leftOutcome)];
  // A digest that was read from another target does not describe the image's own source.
  const isFromSource = plan.kind === 'left' || plan.from === undefined;
  const sourceDigest = isFromSource ? copied.sourceDigest : undefined;
  const notDone = targets.flatMap((target) => notDoneOn(image, target));
  const faults = copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  // They are already recorded as adopted from another program.
  const kept = (plan.kind === 'planned' ? plan.kept : undefined) ?? [];
  return {
    outcome: { image, sourceDigest, rows: plan.rows, targets, missingPlatforms, bytesRead },
    readAt: plan.readAt,
    result: {
      image,
      state: openState(notDone.map((one) => one.state)) ?? 'pushed',
      sourceDigest,
      targets: [...targets, ...kept],
      notDone,
      bytesRead,
      againAt: againAt(faults, now),
    },
  };
}

/** What a plan asks of a copy. */
export function copyInput(
  image: string,
  { platforms, force, from }: CopyPlan,
  what: Pick<CopyImageInput, 'sourceDigest' | 'destinations'>,
): CopyImageInput {
  return { image, ...what, platforms, ...(force === true ? { force } : {}), from };
}

/** Adds up an attempt: what the plan found in place, and what the copies did. */
export function copiedTargets(
  plan: CopyPlan,
  {
    retrying,
    known,
  }: {
    /** Targets that the plan could not ask. */
    readonly retrying: readonly OpenTarget[];
    /** What earlier attempts copied. */
    readonly known?: { readonly outcomes: readonly TargetOutcome[]; readonly sourceDigest?: string | undefined };
  },
  results: readonly CopyImageResult[],
): CopiedTargets {
  const found = results.find((result) => result.sourceDigest !== undefined)?.sourceDigest;
  const missing = [...plan.missingPlatforms, ...results.flatMap(({ missingPlatforms = [] }) => missingPlatforms)];
  return {
    done: [...plan.done, ...(known?.outcomes ?? []), ...results.flatMap(({ done }) => done)],
    open: [...retrying, ...results.flatMap(openAfter)],
    sourceDigest: plan.sourceDigest ?? known?.sourceDigest ?? found,
    missingPlatforms: [...new Set(missing)],
    bytesRead: results.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
}

/** Open targets without a fault of their own wait for the source. */
function openAfter({ open, sourceFault }: CopyImageResult): readonly OpenTarget[] {
  if (sourceFault === undefined) return open;
  return open.map((target) => (target.fault === undefined ? { ...target, fault: sourceFault } : target));
}
