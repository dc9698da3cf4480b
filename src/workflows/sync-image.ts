import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';
import { sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault, ImagePlan, LeftTarget } from '../contract/activity-types.js';
import type { SyncImageInput, SyncImageResult } from '../contract/sync-messages.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { openState } from '../domain/state-change.js';
import type { ImageOutcome } from '../domain/wanted-image.js';
import { manyRows, metadata } from './activity-proxies.js';
import { CompletedTargets } from './completed-targets.js';
import { againAt, isLastAttempt, pauseBeforeNextAttempt, stateOf } from './copy-attempts.js';
import { copyOpenTargets, isKept } from './copy-open-targets.js';
import type { KeptTargets, AttemptResult } from './copy-open-targets.js';
import { leftOutcome, notDoneOn, openOutcome } from './image-outcome.js';
import { showDetails } from './show-details.js';
import { readFields, readOptionalText, refused } from './typed-input.js';

type Plan = Extract<ImagePlan, { kind: 'planned' }>;
type LeftPlan = Extract<ImagePlan, { kind: 'left' }>;
type StoppedPlan = Extract<ImagePlan, { kind: 'stopped' }>;

/** The fault for targets that an image did not reach before it was removed. */
const removed: Fault = {
  code: 'cancelled',
  decision: 'wait',
  reason:
    'it was removed, or completed by another program, before the next attempt; run "ferry add" to request it again',
};

/**
 * SyncImage plans, copies and records one image with all its platforms on all targets. A failed target is retried a few
 * times; targets that are still open are recorded with the reason for the next run.
 */
export async function SyncImage(input: SyncImageInput): Promise<SyncImageResult> {
  const { image, run } = readInput(input);
  const delivered = new CompletedTargets();
  let copiedBy: Plan | undefined;
  let bytesRead = 0;

  for (let attempt = 0; ; attempt += 1) {
    const plan = await metadata.planImage({ image, lastAttempt: isLastAttempt(attempt) });
    if (plan.kind === 'nothing') return await recordUnwanted(copiedBy);

    if (plan.kind === 'adopted') {
      return { image, state: 'pushed', targets: plan.targets, notDone: [], bytesRead };
    }

    if (plan.kind === 'stopped') {
      const pause = pauseBeforeNextAttempt(attempt, [plan.fault]);
      if (pause === undefined) return await recordStopped(plan);
      await waitForNextAttempt(image, plan.fault, pause);
      continue;
    }

    if (plan.kind === 'left') {
      const kept = delivered.keptIn(plan);
      const left = stillLeft(plan, kept);
      const faults = left.map(({ fault }) => fault);
      const pause = pauseBeforeNextAttempt(attempt, faults);
      if (pause === undefined)
        return await recordCopied(plan, left, { ...delivered.latest, done: kept.outcomes, open: [] });
      await waitForNextAttempt(image, faults[0], pause);
      continue;
    }

    const kept = delivered.keptIn(plan);
    const left = stillLeft(plan, kept);
    const copied = await copyOpenTargets(image, plan, kept);
    copiedBy = plan;
    bytesRead += copied.bytesRead;
    if (copied.stoppedBy !== undefined) {
      const stopped = stoppedByDocker(plan, copied.stoppedBy);
      const pause = pauseBeforeNextAttempt(attempt, [stopped.fault]);
      if (pause === undefined) return await recordStopped(stopped);
      await waitForNextAttempt(image, stopped.fault, pause);
      continue;
    }
    const known = delivered.add(copied);
    const faults = [...known.open, ...left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    const pause = pauseBeforeNextAttempt(attempt, faults);
    if (pause === undefined) return await recordCopied(plan, left, known);
    await waitForNextAttempt(image, faults[0], pause);
  }

  /** The image is no longer pending, but earlier attempts may have copied it to targets. */
  async function recordUnwanted(before: Plan | undefined): Promise<SyncImageResult> {
    if (before === undefined || delivered.latest.done.length === 0) {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }
    const { rows, readAt } = before;
    const recorded = await recordStopped({ kind: 'stopped', rows, readAt, tagMissing: false, fault: removed });
    return { ...recorded, state: 'nothing', notDone: [] };
  }

  async function recordStopped(plan: StoppedPlan): Promise<SyncImageResult> {
    const { code, reason } = plan.fault;
    const state = stateOf(plan.fault);
    const { done: there, sourceDigest } = delivered.latest;
    const source = { sourceDigest: there.length === 0 ? undefined : sourceDigest };
    const outcome: ImageOutcome = {
      image,
      ...source,
      rows: plan.rows,
      targets: there,
      missingPlatforms: [],
      sourceFault: { state, code, reason, tagMissing: plan.tagMissing },
      bytesRead,
    };
    await manyRows.recordImage({ outcome, run, readAt: plan.readAt });
    const notDone = [{ image, state, code, reason }];
    return { image, state, ...source, targets: there, notDone, bytesRead, againAt: againAt([plan.fault], Date.now()) };
  }

  async function recordCopied(
    plan: Plan | LeftPlan,
    left: readonly LeftTarget[],
    copied: Pick<AttemptResult, 'done' | 'open' | 'sourceDigest' | 'missingPlatforms'>,
  ): Promise<SyncImageResult> {
    const targets = [...copied.done, ...copied.open.map(openOutcome), ...left.map(leftOutcome)];
    const { sourceDigest, missingPlatforms } = copied;
    // A digest that was read from another target does not describe the image's own source.
    const isFromSource = plan.kind === 'left' || plan.from === undefined;
    const source = { sourceDigest: isFromSource ? sourceDigest : undefined };
    const outcome: ImageOutcome = { image, ...source, rows: plan.rows, targets, missingPlatforms, bytesRead };
    await manyRows.recordImage({ outcome, run, readAt: plan.readAt });
    const notDone = targets.flatMap((target) => notDoneOn(image, target));
    const faults = copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    // They are already recorded as adopted from another program.
    const kept = (plan.kind === 'planned' ? plan.kept : undefined) ?? [];
    const allTargets = [...targets, ...kept];
    const state = openState(notDone.map((one) => one.state)) ?? 'pushed';
    return { image, state, ...source, targets: allTargets, notDone, bytesRead, againAt: againAt(faults, Date.now()) };
  }
}

/** Skipped targets, except those that an earlier attempt completed. */
function stillLeft({ left }: Plan | LeftPlan, kept: KeptTargets): readonly LeftTarget[] {
  return left.filter((target) => !isKept(target, kept));
}

/** Input typed by hand may contain a short reference, and has no run. */
function readInput(input: unknown): { readonly image: string; readonly run: string } {
  const expected = 'SyncImage expects {"image": "docker.io/library/nginx:1.27"}';
  const { image, run } = readFields(input, expected);
  if (typeof image !== 'string') throw refused(expected);
  const runId = readOptionalText(run, `${expected} and optionally {"run": "its ID"}`) ?? workflowInfo().workflowId;
  try {
    return { image: printImageReference(parseImageReference(image)), run: runId };
  } catch (error) {
    if (error instanceof InvalidInput) throw refused(`${expected}: ${error.message}`);
    throw error;
  }
}

/** Converts a daemon's fault about the source to the plan that reading the source would have given. */
function stoppedByDocker({ rows, readAt, missingTag }: Plan, fault: Fault): StoppedPlan {
  const tagMissing = fault.code === 'tag-missing';
  return {
    kind: 'stopped',
    rows,
    readAt,
    tagMissing,
    fault: tagMissing ? { ...fault, decision: missingTag } : fault,
  };
}

async function waitForNextAttempt(image: string, fault: Fault | undefined, pauseMs: number): Promise<void> {
  showDetails(`Waiting ${Math.round(pauseMs / 1000)} s before the next attempt of ${image}: ${fault?.reason ?? ''}`);
  await sleep(pauseMs);
}
