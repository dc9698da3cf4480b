import { setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault, ImagePlan, OpenTarget } from '../contract/activity-types.js';
import type { SyncImageInput, SyncImageResult } from '../contract/sync.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../domain/image-reference.js';
import type { ImageOutcome, TargetOutcome } from '../domain/wanted-image.js';
import { copying, manyRows, metadata } from './activity-proxies.js';
import { againAt, isLastRound, pauseBeforeNextRound, stateOf } from './copy-rounds.js';
import { asDelivered, leftOutcome, notDoneOn, openOutcome, overallState } from './image-outcome.js';
import { readFields, readOptionalText, refused } from './typed-input.js';

type Plan = Extract<ImagePlan, { kind: 'planned' }>;
type LeftPlan = Extract<ImagePlan, { kind: 'left' }>;

/**
 * One image, all its platforms, all targets: plan, copy, record. A target that fails is tried again for a few rounds
 * while the others are done already; what is still open then is recorded with its reason for the next pass.
 */
export async function SyncImage(input: SyncImageInput): Promise<SyncImageResult> {
  const { image, run: pass } = readInput(input);
  const delivered = new Map<string, TargetOutcome>();
  let bytesRead = 0;

  for (let round = 0; ; round += 1) {
    const plan = await metadata.planImage({ image, lastRound: isLastRound(round) });
    if (plan.kind === 'nothing') {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }

    if (plan.kind === 'adopted') {
      return { image, state: 'pushed', targets: plan.targets, notDone: [], bytesRead };
    }

    if (plan.kind === 'stopped') {
      const pause = pauseBeforeNextRound(round, [plan.fault]);
      if (pause !== undefined) {
        await waitForNextRound(image, plan.fault, pause);
        continue;
      }
      return await recordStopped(plan);
    }

    if (plan.kind === 'left') {
      const faults = plan.left.map(({ fault }) => fault);
      const pause = pauseBeforeNextRound(round, faults);
      if (pause === undefined) return await recordCopied(plan, { done: [], open: [] });
      await waitForNextRound(image, faults[0], pause);
      continue;
    }

    const copied = await copyOpenTargets(plan);
    bytesRead += copied.bytesRead;
    copied.done = copied.done.map((outcome) => asDelivered(outcome, delivered.get(outcome.target)));
    for (const outcome of copied.done) delivered.set(outcome.target, outcome);
    const faults = [...copied.open, ...plan.left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    const pause = pauseBeforeNextRound(round, faults);
    if (pause === undefined) return await recordCopied(plan, copied);
    await waitForNextRound(image, faults[0], pause);
  }

  async function copyOpenTargets(
    plan: Plan,
  ): Promise<{ done: TargetOutcome[]; open: OpenTarget[]; bytesRead: number }> {
    const destinations = plan.open.filter(({ fault }) => fault === undefined).map(({ destination }) => destination);
    const failed = plan.open.filter(({ fault }) => fault !== undefined);
    if (destinations.length === 0) return { done: [...plan.done], open: failed, bytesRead: 0 };

    setCurrentDetails(`Copying ${image} to ${destinations.map(({ target }) => target).join(', ')}`);
    const result = await copying.copyImage.executeWithOptions(
      { summary: `${image} → ${destinations.map(({ target }) => target).join(', ')}`.slice(0, 200) },
      [{ image, sourceDigest: plan.sourceDigest, platforms: plan.platforms, destinations }],
    );
    const { sourceFault } = result;
    return {
      done: [...plan.done, ...result.done],
      open: [
        ...failed,
        ...result.open.map((open) =>
          open.fault === undefined && sourceFault !== undefined ? { ...open, fault: sourceFault } : open,
        ),
      ],
      bytesRead: result.bytesRead,
    };
  }

  async function recordStopped(plan: Extract<ImagePlan, { kind: 'stopped' }>): Promise<SyncImageResult> {
    const { code, reason } = plan.fault;
    const state = stateOf(plan.fault);
    const outcome: ImageOutcome = {
      image,
      rows: plan.rows,
      targets: [],
      missingPlatforms: [],
      sourceFault: { state, code, reason, tagMissing: plan.tagMissing },
      bytesRead,
    };
    await manyRows.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    const notDone = [{ image, state, code, reason }];
    return { image, state, targets: [], notDone, bytesRead, ...again([plan.fault]) };
  }

  async function recordCopied(
    plan: Plan | LeftPlan,
    copied: { done: TargetOutcome[]; open: OpenTarget[] },
  ): Promise<SyncImageResult> {
    const targets = [...copied.done, ...copied.open.map(openOutcome), ...plan.left.map(leftOutcome)];
    const source = plan.kind === 'planned' ? { sourceDigest: plan.sourceDigest } : {};
    const missingPlatforms = plan.kind === 'planned' ? plan.missingPlatforms : [];
    const outcome: ImageOutcome = { image, ...source, rows: plan.rows, targets, missingPlatforms, bytesRead };
    await manyRows.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    const notDone = targets.flatMap((target) => notDoneOn(image, target));
    const faults = copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    return { image, state: overallState(notDone), ...source, targets, notDone, bytesRead, ...again(faults) };
  }
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

async function waitForNextRound(image: string, fault: Fault | undefined, pauseMs: number): Promise<void> {
  setCurrentDetails(`Waiting ${Math.round(pauseMs / 1000)} s before the next try of ${image}: ${fault?.reason ?? ''}`);
  await sleep(pauseMs);
}
