/** What becomes of an image in a run, told to the database and to people. */
import type { Fault, LeftTarget, OpenTarget } from '../contract/activity-types.js';
import type { NotDone, SyncImageResult } from '../contract/sync-messages.js';
import type { TargetOutcome } from '../domain/wanted-image.js';
import { stateOf } from './copy-attempts.js';

/**
 * A target that was served in an earlier attempt is only found in the right state by a later one: what was sent there, and
 * what its tag led to before, is known from the attempt that did the work.
 */
export function asCompleted(found: TargetOutcome, earlier: TargetOutcome | undefined): TargetOutcome {
  const isSame = earlier?.state === 'pushed' && found.state === 'pushed' && earlier.digest === found.digest;
  return isSame && found.bytesSent === 0 ? earlier : found;
}

export function openOutcome({ destination, fault }: OpenTarget): TargetOutcome {
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

export function leftOutcome({ target, fault }: LeftTarget): TargetOutcome {
  return { target, state: stateOf(fault), code: fault.code, reason: fault.reason };
}

export function notDoneOn(image: string, outcome: TargetOutcome): NotDone[] {
  if (outcome.state === 'pushed' || outcome.state === 'adopted') return [];
  const { target, state, code, reason } = outcome;
  return [{ image, target, state, code, reason }];
}

/** As long as anything will be tried again the image is not blocked: the state that asks least of a person wins last. */
export function overallState(notDone: readonly NotDone[]): SyncImageResult['state'] {
  for (const state of ['retrying', 'waiting', 'blocked'] as const) {
    if (notDone.some((entry) => entry.state === state)) return state;
  }
  return 'pushed';
}
