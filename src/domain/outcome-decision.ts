/** What an outcome means for the rows of its image. Written by `database/pushed`. */
import type { FaultCode } from './ferry-error.js';
import { openState } from './state-change.js';
import { CopyState, isThere, PushStatus } from './wanted-image.js';
import type { ImageOutcome, TargetOutcome } from './wanted-image.js';

export interface CopyStanding {
  readonly target: string;
  readonly state: CopyState;
  readonly code?: FaultCode | undefined;
  readonly reason?: string | undefined;
}

export interface Verdict {
  readonly status: typeof PushStatus.pending | typeof PushStatus.pushed | typeof PushStatus.blocked;
  /** The state of the image as a whole, for the history of its run. */
  readonly state: CopyState;
  readonly code?: FaultCode | undefined;
  readonly reason?: string | undefined;
}

/**
 * The outcomes for the configured targets. If the source stopped the image, its fault is the outcome of the remaining
 * `wanted` targets.
 */
export function outcomesOf(
  { targets: outcomes, sourceFault }: ImageOutcome,
  { configured, wanted }: { readonly configured: readonly string[]; readonly wanted: readonly string[] },
): readonly TargetOutcome[] {
  const told = outcomes.filter(({ target }) => configured.includes(target));
  if (sourceFault === undefined) return told;
  const { state, code, reason } = sourceFault;
  const left = wanted.filter((target) => !told.some((outcome) => outcome.target === target));
  return [...told, ...left.map((target) => ({ target, state, code, reason }))];
}

/**
 * The status of an image: pushed if all of its targets have it; pending while any of them can be retried; else blocked, with
 * the reasons. If it has no configured target, the fault of the source decides.
 * @param standings one for each target that was ever tried
 * @param wanted the configured targets of the image
 */
export function verdict(
  standings: readonly CopyStanding[],
  wanted: readonly string[],
  sourceFault?: ImageOutcome['sourceFault'],
): Verdict {
  if (wanted.length === 0 && sourceFault !== undefined) {
    const { state, code, reason } = sourceFault;
    const status = state === CopyState.blocked ? PushStatus.blocked : PushStatus.pending;
    return { status, state, code, reason };
  }
  const byTarget = new Map(standings.map((standing) => [standing.target, standing]));
  const known = wanted.flatMap((target) => byTarget.get(target) ?? []);
  const open = known.filter(({ state }) => !isThere(state));
  if (open.length === 0 && known.length === wanted.length && wanted.length > 0) {
    const isAdopted = known.every(({ state }) => state === CopyState.adopted);
    return { status: PushStatus.pushed, state: isAdopted ? CopyState.adopted : CopyState.pushed };
  }
  const decided = openState(open.map(({ state }) => state)) ?? CopyState.waiting;
  // A target without a copy yet is tried by the next run.
  const state = decided === CopyState.blocked && known.length < wanted.length ? CopyState.waiting : decided;
  const status = state === CopyState.blocked ? PushStatus.blocked : PushStatus.pending;
  return { status, state, ...explanation(open.filter((standing) => standing.state === state)) };
}

/** A reason that all targets share is given once; different reasons are given with their targets. */
function explanation(standings: readonly CopyStanding[]): Pick<Verdict, 'code' | 'reason'> {
  const [first] = standings;
  if (first === undefined) return {};
  const isShared = standings.every(({ reason }) => reason === first.reason);
  const reasons = standings.map(({ target, reason = '' }) => `${target}: ${reason}`);
  return {
    code: first.code,
    reason: isShared ? (first.reason ?? '') : reasons.join('; '),
  };
}
