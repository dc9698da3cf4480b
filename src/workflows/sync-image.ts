import { sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault, ImagePlan, LeftTarget } from '../contract/activity-types.js';
import type { SyncImageInput, SyncImageResult } from '../contract/sync-messages.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { ImageOutcome } from '../domain/wanted-image.js';
import { manyRows, metadata } from './activity-proxies.js';
import type { KeptTargets, AttemptResult } from './copy-open-targets.js';
import { copyOpenTargets, isKept } from './copy-open-targets.js';
import { againAt, isLastAttempt, pauseBeforeNextAttempt, stateOf } from './copy-attempts.js';
import { CompletedTargets } from './completed-targets.js';
import { leftOutcome, notDoneOn, openOutcome, overallState } from './image-outcome.js';
import { readFields, readOptionalText, refused } from './typed-input.js';
import { showDetails } from './show-details.js';

type Plan = Extract<ImagePlan, { kind: 'planned' }>;
type LeftPlan = Extract<ImagePlan, { kind: 'left' }>;
type StoppedPlan = Extract<ImagePlan, { kind: 'stopped' }>;

/** What is said of the targets that an image did not reach before somebody took it back. */
const unwanted: Fault = {
  code: 'cancelled',
  decision: 'wait',
  reason: 'it was removed, or settled by another program, before the next try; "ferry add" asks for it again',
};

/**
 * One image, all its platforms, all targets: plan, copy, record. A target that fails is tried again for a few rounds
 * while the others are done already; what is still open then is recorded with its reason for the next run.
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

  /** Nothing is to be done about it any more; but what earlier attempts brought to targets is there. */
  async function recordUnwanted(before: Plan | undefined): Promise<SyncImageResult> {
    if (before === undefined || delivered.latest.done.length === 0) {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }
    const { rows, readAt } = before;
    const recorded = await recordStopped({ kind: 'stopped', rows, readAt, tagMissing: false, fault: unwanted });
    return { ...recorded, state: 'nothing', notDone: [] };
  }

  async function recordStopped(plan: StoppedPlan): Promise<SyncImageResult> {
    const { code, reason } = plan.fault;
    const state = stateOf(plan.fault);
    const { done: there, sourceDigest } = delivered.latest;
    const source = there.length === 0 || sourceDigest === undefined ? {} : { sourceDigest };
    const outcome: ImageOutcome = {
      image,
      ...source,
      rows: plan.rows,
      targets: there,
      missingPlatforms: [],
      sourceFault: { state, code, reason, tagMissing: plan.tagMissing },
      bytesRead,
    };
    await manyRows.recordImage({ outcome, run: run, readAt: plan.readAt });
    const notDone = [{ image, state, code, reason }];
    return { image, state, ...source, targets: there, notDone, bytesRead, ...again([plan.fault]) };
  }

  async function recordCopied(
    plan: Plan | LeftPlan,
    left: readonly LeftTarget[],
    copied: Pick<AttemptResult, 'done' | 'open' | 'sourceDigest' | 'missingPlatforms'>,
  ): Promise<SyncImageResult> {
    const targets = [...copied.done, ...copied.open.map(openOutcome), ...left.map(leftOutcome)];
    const { sourceDigest, missingPlatforms } = copied;
    // What was read from another target says nothing about the image's own source.
    const isFromSource = plan.kind === 'left' || plan.from === undefined;
    const source = sourceDigest === undefined || !isFromSource ? {} : { sourceDigest };
    const outcome: ImageOutcome = { image, ...source, rows: plan.rows, targets, missingPlatforms, bytesRead };
    await manyRows.recordImage({ outcome, run: run, readAt: plan.readAt });
    const notDone = targets.flatMap((target) => notDoneOn(image, target));
    const faults = copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    // They are recorded already, as what another program brought there.
    const kept = (plan.kind === 'planned' ? plan.kept : undefined) ?? [];
    const told = [...targets, ...kept];
    return { image, state: overallState(notDone), ...source, targets: told, notDone, bytesRead, ...again(faults) };
  }
}

/** Targets that get nothing, less those that an earlier attempt served. */
function stillLeft({ left }: Plan | LeftPlan, kept: KeptTargets): readonly LeftTarget[] {
  return left.filter((target) => !isKept(target, kept));
}

function again(faults: readonly Fault[]): { readonly againAt?: number } {
  const at = againAt(faults, Date.now());
  return at === undefined ? {} : { againAt: at };
}

/** Typed by hand, an image may be written as people write it, and belongs to no run. */
function readInput(input: unknown): Required<SyncImageInput> {
  const expected = 'SyncImage wants {"image": "docker.io/library/nginx:1.27"}';
  const { image, run } = readFields(input, expected);
  if (typeof image !== 'string') throw refused(expected);
  const runId = readOptionalText(run, `${expected} and, of a run, {"run": "its ID"}`) ?? workflowInfo().workflowId;
  try {
    return { image: printImageReference(parseImageReference(image)), run: runId };
  } catch (error) {
    if (error instanceof InvalidInput) throw refused(`${expected}: ${error.message}`);
    throw error;
  }
}

/** What a daemon finds out is what a plan would have said, had anybody else looked at the source. */
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
  showDetails(`Waiting ${Math.round(pauseMs / 1000)} s before the next try of ${image}: ${fault?.reason ?? ''}`);
  await sleep(pauseMs);
}
