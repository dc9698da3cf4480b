/** The outcome of an image in a run, for the database and for users. */
import type { TargetOutcome } from '../domain/wanted-image.js';
import type { Fault, LeftTarget, OpenTarget } from './activity-types.js';
import { stateOf } from './copy-attempts.js';
import type { NotDone } from './sync-messages.js';

/**
 * A later attempt only finds a completed target in the right state. What was sent and what the tag pointed to before is
 * known only from the attempt that copied it.
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
