import { sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault, ImagePlan, LeftTarget } from '../contract/activity-types.js';
import type { SyncImageInput, SyncImageResult } from '../contract/sync.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../domain/image-reference.js';
import type { ImageOutcome } from '../domain/wanted-image.js';
import { manyRows, metadata } from './activity-proxies.js';
import type { KeptTargets, RoundResult } from './copy-open-targets.js';
import { copyOpenTargets, isKept } from './copy-open-targets.js';
import { againAt, isLastRound, pauseBeforeNextRound, stateOf } from './copy-rounds.js';
import { DeliveredTargets } from './delivered-targets.js';
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
 * while the others are done already; what is still open then is recorded with its reason for the next pass.
 */
export async function SyncImage(input: SyncImageInput): Promise<SyncImageResult> {
  const { image, run: pass } = readInput(input);
  const delivered = new DeliveredTargets();
  let copiedBy: Plan | undefined;
  let bytesRead = 0;

  for (let round = 0; ; round += 1) {
    const plan = await metadata.planImage({ image, lastRound: isLastRound(round) });
    if (plan.kind === 'nothing') return await recordUnwanted(copiedBy);

    if (plan.kind === 'adopted') {
      return { image, state: 'pushed', targets: plan.targets, notDone: [], bytesRead };
    }

    if (plan.kind === 'stopped') {
      const pause = pauseBeforeNextRound(round, [plan.fault]);
      if (pause === undefined) return await recordStopped(plan);
      await waitForNextRound(image, plan.fault, pause);
      continue;
    }

    if (plan.kind === 'left') {
      const kept = delivered.keptIn(plan);
      const left = stillLeft(plan, kept);
      const faults = left.map(({ fault }) => fault);
      const pause = pauseBeforeNextRound(round, faults);
      if (pause === undefined)
        return await recordCopied(plan, left, { ...delivered.latest, done: kept.outcomes, open: [] });
      await waitForNextRound(image, faults[0], pause);
      continue;
    }

    const kept = delivered.keptIn(plan);
    const left = stillLeft(plan, kept);
    const copied = await copyOpenTargets(image, plan, kept);
    copiedBy = plan;
    bytesRead += copied.bytesRead;
    if (copied.stoppedBy !== undefined) {
      const stopped = stoppedByDocker(plan, copied.stoppedBy);
      const pause = pauseBeforeNextRound(round, [stopped.fault]);
      if (pause === undefined) return await recordStopped(stopped);
      await waitForNextRound(image, stopped.fault, pause);
      continue;
    }
    const known = delivered.add(copied);
    const faults = [...known.open, ...left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    const pause = pauseBeforeNextRound(round, faults);
    if (pause === undefined) return await recordCopied(plan, left, known);
    await waitForNextRound(image, faults[0], pause);
  }

  /** Nothing is to be done about it any more; but what earlier rounds brought to targets is there. */
  async function recordUnwanted(before: Plan | undefined): Promise<SyncImageResult> {
    if (before === undefined || delivered.latest.done.length === 0) {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }
    const { rows, lookedAt } = before;
    const recorded = await recordStopped({ kind: 'stopped', rows, lookedAt, tagMissing: false, fault: unwanted });
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
    await manyRows.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    const notDone = [{ image, state, code, reason }];
    return { image, state, ...source, targets: there, notDone, bytesRead, ...again([plan.fault]) };
  }

  async function recordCopied(
    plan: Plan | LeftPlan,
    left: readonly LeftTarget[],
    copied: Pick<RoundResult, 'done' | 'open' | 'sourceDigest' | 'missingPlatforms'>,
  ): Promise<SyncImageResult> {
    const targets = [...copied.done, ...copied.open.map(openOutcome), ...left.map(leftOutcome)];
    const { sourceDigest, missingPlatforms } = copied;
    // What was read from another target says nothing about the image's own source.
    const isFromSource = plan.kind === 'left' || plan.from === undefined;
    const source = sourceDigest === undefined || !isFromSource ? {} : { sourceDigest };
    const outcome: ImageOutcome = { image, ...source, rows: plan.rows, targets, missingPlatforms, bytesRead };
    await manyRows.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    const notDone = targets.flatMap((target) => notDoneOn(image, target));
    const faults = copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    // They are recorded already, as what another program brought there.
    const kept = (plan.kind === 'planned' ? plan.kept : undefined) ?? [];
    const told = [...targets, ...kept];
    return { image, state: overallState(notDone), ...source, targets: told, notDone, bytesRead, ...again(faults) };
  }
}

/** Targets that get nothing, less those that an earlier round served. */
function stillLeft({ left }: Plan | LeftPlan, kept: KeptTargets): readonly LeftTarget[] {
  return left.filter((target) => !isKept(target, kept));
}

function again(faults: readonly Fault[]): { readonly againAt?: number } {
  const at = againAt(faults, Date.now());
  return at === undefined ? {} : { againAt: at };
}

/** Typed by hand, an image may be written as people write it, and belongs to no pass. */
function readInput(input: unknown): Required<SyncImageInput> {
  const expected = 'SyncImage wants {"image": "docker.io/library/nginx:1.27"}';
  const { image, run } = readFields(input, expected);
  if (typeof image !== 'string') throw refused(expected);
  const pass = readOptionalText(run, `${expected} and, of a pass, {"run": "its ID"}`) ?? workflowInfo().workflowId;
  try {
    return { image: printImageReference(parseImageReference(image)), run: pass };
  } catch (error) {
    if (error instanceof InvalidInput) throw refused(`${expected}: ${error.message}`);
    throw error;
  }
}

/** What a daemon finds out is what a plan would have said, had anybody else looked at the source. */
function stoppedByDocker({ rows, lookedAt, missingTag }: Plan, fault: Fault): StoppedPlan {
  const tagMissing = fault.code === 'tag-missing';
  return {
    kind: 'stopped',
    rows,
    lookedAt,
    tagMissing,
    fault: tagMissing ? { ...fault, decision: missingTag } : fault,
  };
}

async function waitForNextRound(image: string, fault: Fault | undefined, pauseMs: number): Promise<void> {
  showDetails(`Waiting ${Math.round(pauseMs / 1000)} s before the next try of ${image}: ${fault?.reason ?? ''}`);
  await sleep(pauseMs);
}
