import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';
import { setWorkflowOptions, sleep, workflowInfo } from '@temporalio/workflow';

import type { CopiedTargets, Fault, ImagePlan, LeftTarget, SingleImage } from '../contract/activity-types.js';
import { isLastAttempt, pauseBeforeNextAttempt } from '../contract/copy-attempts.js';
import { copiedImage, stoppedImage } from '../contract/recorded-image.js';
import type { CopyPlan, LeftPlan, RecordedImage, StoppedPlan } from '../contract/recorded-image.js';
import type { SyncImageInput } from '../contract/sync-image-input.js';
import type { SyncImageResult } from '../contract/sync-messages.js';
import { syncAllWorkflowId } from '../contract/workflow-names.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { printRunCause } from '../domain/run-cause.js';
import { manyRows, metadata, requests } from './activity-proxies.js';
import { CompletedTargets } from './completed-targets.js';
import { copyOpenTargets, isKept } from './copy-open-targets.js';
import type { AttemptResult, KeptTargets } from './copy-open-targets.js';
import { showDetails } from './show-details.js';
import { readFields, readOptionalText, refused } from './typed-input.js';

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
  const { run, ...single } = readInput(input);
  return run === undefined ? await forwarded(single.image) : await syncInRun(single, run);
}

// With versioned workers an image ends on the version that it began with. Temporal refuses a behavior without a version.
setWorkflowOptions(() => (isVersioned() ? { versioningBehavior: 'PINNED' } : {}), SyncImage);

function isVersioned(): boolean {
  return (workflowInfo().currentDeploymentVersion?.deploymentName ?? '') !== '';
}

async function syncInRun({ image, plan: given, copied: before }: SingleImage, run: string): Promise<SyncImageResult> {
  const delivered = new CompletedTargets();
  let copiedBy: CopyPlan | undefined;
  let bytesRead = 0;

  for (let attempt = 0; ; attempt += 1) {
    const plan =
      attempt === 0 && given !== undefined
        ? given
        : await metadata.planImage({ image, lastAttempt: isLastAttempt(attempt) });
    if (plan.kind === 'nothing') return await recordUnwanted(copiedBy);

    if (plan.kind === 'adopted') {
      return { image, state: 'pushed', targets: plan.targets, notDone: [], bytesRead };
    }

    if (plan.kind === 'stopped') {
      const pause = pauseBeforeNextAttempt(attempt, [plan.fault]);
      if (pause === undefined) return await record(stopped(plan));
      await waitForNextAttempt(image, plan.fault, pause);
      continue;
    }

    if (plan.kind === 'left') {
      const kept = delivered.keptIn(plan);
      const left = stillLeft(plan, kept);
      const faults = left.map(({ fault }) => fault);
      const pause = pauseBeforeNextAttempt(attempt, faults);
      if (pause === undefined) {
        const copied = { ...delivered.latest, done: kept.outcomes, open: [], bytesRead };
        return await record(copiedImage(image, plan, { left, copied }, Date.now()));
      }
      await waitForNextAttempt(image, faults[0], pause);
      continue;
    }

    const kept = delivered.keptIn(plan);
    const left = stillLeft(plan, kept);
    const copied: AttemptResult =
      attempt === 0 && before !== undefined ? before : await copyOpenTargets(image, plan, kept);
    copiedBy = plan;
    bytesRead += copied.bytesRead;
    if (copied.stoppedBy !== undefined) {
      const stoppedPlan = stoppedByDocker(plan, copied.stoppedBy);
      const pause = pauseBeforeNextAttempt(attempt, [stoppedPlan.fault]);
      if (pause === undefined) return await record(stopped(stoppedPlan));
      await waitForNextAttempt(image, stoppedPlan.fault, pause);
      continue;
    }
    const known = delivered.add(copied);
    const faults = [...known.open, ...left].flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
    const pause = pauseBeforeNextAttempt(attempt, faults);
    if (pause === undefined) {
      return await record(copiedImage(image, plan, { left, copied: { ...known, bytesRead } }, Date.now()));
    }
    await waitForNextAttempt(image, faults[0], pause);
  }

  /** The image is no longer pending, but earlier attempts may have copied it to targets. */
  async function recordUnwanted(last: CopyPlan | undefined): Promise<SyncImageResult> {
    if (last === undefined || delivered.latest.done.length === 0) {
      return { image, state: 'nothing', targets: [], notDone: [], bytesRead };
    }
    const { rows, readAt } = last;
    const recorded = await record(stopped({ kind: 'stopped', rows, readAt, tagMissing: false, fault: removed }));
    return { ...recorded, state: 'nothing', notDone: [] };
  }

  function stopped(plan: StoppedPlan): RecordedImage {
    return stoppedImage(image, plan, { ...delivered.latest, bytesRead }, Date.now());
  }

  async function record({ outcome, readAt, result }: RecordedImage): Promise<SyncImageResult> {
    await manyRows.recordImage({ outcome, run, readAt });
    return result;
  }
}

/** Only `sync-all` knows which images are in flight: one that a person starts by hand is a request to it. */
async function forwarded(image: string): Promise<SyncImageResult> {
  const { workflowId, runId } = workflowInfo();
  await requests.requestSync({ id: runId, reason: printRunCause('start', { workflow: workflowId }) });
  const nothing = { image, state: 'nothing', targets: [], notDone: [], bytesRead: 0 } as const;
  return { ...nothing, forwardedTo: syncAllWorkflowId };
}

/** Skipped targets, except those that an earlier attempt completed. */
function stillLeft({ left }: CopyPlan | LeftPlan, kept: KeptTargets): readonly LeftTarget[] {
  return left.filter((target) => !isKept(target, kept));
}

/**
 * Input typed by hand may contain a short reference, and has no run. A plan and a copy come from `SyncAll` alone and are
 * not checked field by field.
 */
function readInput(input: unknown): SyncImageInput {
  const expected = 'SyncImage expects {"image": "docker.io/library/nginx:1.27"}';
  const { image, run, plan, copied } = readFields(input, expected);
  if (typeof image !== 'string') throw refused(expected);
  const runId = readOptionalText(run, `${expected} and optionally {"run": "its ID"}`);
  try {
    const reference = printImageReference(parseImageReference(image));
    const [given, before] = [plan as ImagePlan | undefined, copied as CopiedTargets | undefined];
    return { image: reference, run: runId, plan: given, copied: before };
  } catch (error) {
    if (error instanceof InvalidInput) throw refused(`${expected}: ${error.message}`);
    throw error;
  }
}

/** Converts a daemon's fault about the source to the plan that reading the source would have given. */
function stoppedByDocker({ rows, readAt, missingTag }: CopyPlan, fault: Fault): StoppedPlan {
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
