import { setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';

import type { Fault, ImagePlan, OpenTarget } from '../contract/activity-types.js';
import type { NotDone, SyncImageInput, SyncImageResult } from '../contract/sync.js';
import type { ImageOutcome, TargetOutcome } from '../domain/wanted-image.js';
import { copying, database, metadata } from './activity-proxies.js';
import { isLastRound, pauseBeforeNextRound, stateOf } from './copy-rounds.js';

type Plan = Extract<ImagePlan, { kind: 'planned' }>;

/**
 * One image, all its platforms, all targets: plan, copy, record. A target that fails is tried again for a few rounds
 * while the others are done already; what is still open then is recorded with its reason for the next pass.
 */
export async function SyncImage({ image, run }: SyncImageInput): Promise<SyncImageResult> {
  const pass = run ?? workflowInfo().workflowId;
  const delivered = new Map<string, TargetOutcome>();
  let bytesRead = 0;

  for (let round = 0; ; round += 1) {
    const plan = await metadata.planImage({ image, lastRound: isLastRound(round) });
    if (plan.kind === 'nothing') {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }

    if (plan.kind === 'stopped') {
      const pause = pauseBeforeNextRound(round, [plan.fault]);
      if (pause !== undefined) {
        await waitForNextRound(image, plan.fault, pause);
        continue;
      }
      return await recordStopped(plan);
    }

    const copied = await copyOpenTargets(plan);
    bytesRead += copied.bytesRead;
    copied.done = copied.done.map((outcome) => asDelivered(outcome, delivered.get(outcome.target)));
    for (const outcome of copied.done) delivered.set(outcome.target, outcome);
    const pause = pauseBeforeNextRound(
      round,
      copied.open.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
    );
    if (pause === undefined) return await recordCopied(plan, copied);
    await waitForNextRound(image, copied.open[0]?.fault, pause);
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
    await database.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    return { image, state, targets: [], notDone: [{ image, state, code, reason }], bytesRead };
  }

  async function recordCopied(
    plan: Plan,
    copied: { done: TargetOutcome[]; open: OpenTarget[] },
  ): Promise<SyncImageResult> {
    const targets = [...copied.done, ...copied.open.map(openOutcome)];
    const { sourceDigest } = plan;
    const outcome: ImageOutcome = {
      image,
      sourceDigest,
      rows: plan.rows,
      targets,
      missingPlatforms: plan.missingPlatforms,
      bytesRead,
    };
    await database.recordImage({ outcome, run: pass, lookedAt: plan.lookedAt });
    const notDone = targets.flatMap((target) => notDoneOn(image, target));
    return { image, state: overallState(notDone), sourceDigest, targets, notDone, bytesRead };
  }
}

/**
 * A target that was served in an earlier round is only found in the right state by a later one: what was sent there, and
 * what its tag led to before, is known from the round that did the work.
 */
function asDelivered(found: TargetOutcome, earlier: TargetOutcome | undefined): TargetOutcome {
  const isSame = earlier?.state === 'pushed' && found.state === 'pushed' && earlier.digest === found.digest;
  return isSame && found.bytesSent === 0 ? earlier : found;
}

async function waitForNextRound(image: string, fault: Fault | undefined, pauseMs: number): Promise<void> {
  setCurrentDetails(`Waiting ${Math.round(pauseMs / 1000)} s before the next try of ${image}: ${fault?.reason ?? ''}`);
  await sleep(pauseMs);
}

function openOutcome({ destination, fault }: OpenTarget): TargetOutcome {
  const { target, host, repository, tag } = destination;
  const known: Fault = fault ?? {
    code: 'internal',
    decision: 'retry',
    reason: 'the copy ended without a result for it',
  };
  return {
    target,
    state: stateOf(known),
    reference: `${host}/${repository}:${tag}`,
    code: known.code,
    reason: known.reason,
  };
}

function notDoneOn(image: string, outcome: TargetOutcome): NotDone[] {
  if (outcome.state === 'pushed' || outcome.state === 'adopted') return [];
  const { target, state, code, reason } = outcome;
  return [{ image, target, state, code, reason }];
}

/** As long as anything will be tried again the image is not parked: the state that asks least of a person wins last. */
function overallState(notDone: readonly NotDone[]): SyncImageResult['state'] {
  for (const state of ['failed', 'waiting', 'parked'] as const) {
    if (notDone.some((entry) => entry.state === state)) return state;
  }
  return 'pushed';
}
