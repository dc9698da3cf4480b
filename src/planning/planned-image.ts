/** What a look at an image came to, in the plan's words. */
import type { CopySurvey } from '@image-ferry/registry';
import { printPlatform } from '@image-ferry/registry/platform';

import type { Destination } from '../contract/activity-types.js';
import { FerryError } from '../domain/ferry-error.js';
import type { PendingPlan, PlannedFault, PlannedImage, PlannedTarget } from '../domain/plan-types.js';
import type { ForeseenDestination } from './destinations.js';

const noBlobs = { blobs: 0, bytes: 0 };

export function plannedTargets({ plan, targets }: CopySurvey, found: readonly ForeseenDestination[]): PlannedTarget[] {
  return found.map(({ destination, takenName }): PlannedTarget => {
    const { target } = destination;
    const named = { ...bareTarget(destination), takenName };
    const retrying = plan.failures.find((failure) => failure.target === target);
    if (retrying !== undefined) return { ...named, state: 'refused', fault: faultOf(retrying.failure) };
    const planned = plan.targets.find((candidate) => candidate.target === target);
    const { there, mountable, sent } = targets.find((survey) => survey.target === target) ?? nothingOn(target);
    return {
      ...named,
      state: planned?.alreadyThere === true ? 'there' : 'copy',
      replaces: planned?.replaces,
      ...(planned?.extends === true ? { extends: true } : {}),
      dropped: planned?.dropped ?? [],
      note: planned?.note,
      there,
      mountable,
      sent,
    };
  });
}

export function stateOf(targets: readonly PlannedTarget[]): PlannedImage['state'] {
  for (const [state, image] of [
    ['copy', 'copy'],
    ['unknown', 'unread'],
    ['refused', 'stopped'],
  ] as const) {
    if (targets.some((target) => target.state === state)) return image;
  }
  return 'there';
}

/** Only a Docker daemon may look there. */
export function unseenTarget({ destination, takenName }: ForeseenDestination): PlannedTarget {
  return { ...bareTarget(destination), state: 'unknown', takenName };
}

export function bareImage({ image, platforms }: Pick<PendingPlan, 'image' | 'platforms'>) {
  return {
    image,
    platforms: platforms === 'all' ? ['all'] : platforms.map(printPlatform),
    missingPlatforms: [],
    pulls: 0,
    bytesToRead: 0,
    targets: [],
  };
}

export function toAdopt(pending: PendingPlan): PlannedImage {
  return { ...bareImage(pending), state: 'adopt' };
}

export function bareTarget({ target, host, repository, tag }: Destination) {
  return { ...nothingOn(target), reference: `${host}/${repository}:${tag}` };
}

export function nothingOn(target: string) {
  return { target, dropped: [], there: noBlobs, mountable: noBlobs, sent: noBlobs };
}

/** A bug stays one; what the database does not give ends the plan. */
export function faultOf(error: unknown): PlannedFault {
  if (!(error instanceof FerryError) || error.code === 'database') throw error;
  return { code: error.code, decision: error.decision, reason: error.message };
}
