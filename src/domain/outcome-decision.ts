/** What an outcome means for the rows of its image. Written by `database/pushed`. */
import type { FaultCode } from './ferry-error.js';
import { openState } from './state-change.js';
import { CopyState, PushStatus } from './wanted-image.js';
import type { ImageOutcome, TargetOutcome } from './wanted-image.js';

export interface CopyStanding {
  readonly target: string;
  readonly state: CopyState;
  readonly code?: FaultCode;
  readonly reason?: string;
}

export interface Verdict {
  readonly status: typeof PushStatus.pending | typeof PushStatus.pushed | typeof PushStatus.blocked;
  /** How the image as a whole stands, for the history of its run. */
  readonly state: CopyState;
  readonly code?: FaultCode;
  readonly reason?: string;
}

/**
 * Outcomes for the configured targets: where the source stopped the image, that is the outcome of those left that the
 * image goes to (`wanted`).
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
 * Pushed when every target that the image goes to has it; pending as long as any of them can still be retried; blocked
 * otherwise, with the reasons. Where it goes to no configured target, what stopped it is all there is to say.
 * @param standings one for each target that was ever tried
 * @param wanted the configured targets that the image goes to
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
  const isThere = ({ state }: CopyStanding): boolean => state === CopyState.pushed || state === CopyState.adopted;
  const open = known.filter((standing) => !isThere(standing));
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

/** One reason that all share is said once; different ones with the target that each is about. */
function explanation(standings: readonly CopyStanding[]): Pick<Verdict, 'code' | 'reason'> {
  const [first] = standings;
  if (first === undefined) return {};
  const isShared = standings.every(({ reason }) => reason === first.reason);
  const reasons = standings.map(({ target, reason = '' }) => `${target}: ${reason}`);
  return {
    ...(first.code === undefined ? {} : { code: first.code }),
    reason: isShared ? (first.reason ?? '') : reasons.join('; '),
  };
}
