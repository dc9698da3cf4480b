/** Adds up the results of a sync run. */
import type { RefusedRows, TakeoverPage, UncheckedTag } from './activity-types.js';
import { nothingSettled, withNotDone } from './settled-images.js';
import type { NotDone, SyncAllResult } from './sync-messages.js';

export const emptyResult: SyncAllResult = { runs: 0, ...nothingSettled };

/**
 * The initial result of a further run. Waiting and retrying images are still pending, so the run processes and counts them
 * again; blocked ones are kept.
 */
export function atNextRun(result: SyncAllResult): SyncAllResult {
  // This run retries sources and targets that announced a wait.
  const { againAt: _againAt, takeover, ...kept } = result;
  const { waiting, retrying, images, notDone } = result;
  return {
    ...kept,
    ...(takeover === undefined
      ? {}
      : { takeover: { ...takeover, looked: takeover.looked - takeover.unverified, unverified: 0 } }),
    images: images - waiting - retrying,
    waiting: 0,
    retrying: 0,
    notDone: notDone.filter(({ state }) => state === 'blocked'),
  };
}

/** Adds one page of rows of other programs that were checked on the targets. Missing ones are reported by their own copies. */
export function withTakeover(result: SyncAllResult, { adopted, claims, unasked = [] }: TakeoverPage): SyncAllResult {
  const counted = { ...result, images: result.images + adopted, pushed: result.pushed + adopted };
  if (claims === undefined || claims.looked === 0) return counted;
  const { looked, missing, unverified } = claims;
  const known = result.takeover ?? { looked: 0, there: 0, missing: 0, unverified: 0 };
  const takeover = {
    looked: known.looked + looked,
    there: known.there + looked - missing - unverified,
    missing: known.missing + missing,
    unverified: known.unverified + unverified,
  };
  if (unverified === 0) return { ...counted, takeover };
  const notDone = unasked.map(({ target, fault, rows }): NotDone => {
    const image = `${rows} ${rows === 1 ? 'row' : 'rows'} marked as pushed`;
    const reason = `not verified and not changed: ${fault.reason}`;
    return { image, target, state: fault.decision === 'wait' ? 'waiting' : 'retrying', code: fault.code, reason };
  });
  const waiting = unasked.reduce((sum, { fault, rows }) => sum + (fault.decision === 'wait' ? rows : 0), 0);
  return {
    ...counted,
    takeover,
    images: counted.images + unverified,
    waiting: counted.waiting + waiting,
    retrying: counted.retrying + unverified - waiting,
    notDone: withNotDone(counted.notDone, notDone),
  };
}

/** Adds rows of other programs that do not identify an image: each is blocked with its own reason. */
export function withRefusedRows(result: SyncAllResult, { count, first }: RefusedRows): SyncAllResult {
  if (count === 0) return result;
  const blocked = first.map(({ image, code = 'invalid-reference', reason = '' }): NotDone => {
    return { image, state: 'blocked', code, reason };
  });
  return {
    ...result,
    images: result.images + count,
    blocked: result.blocked + count,
    notDone: withNotDone(result.notDone, blocked),
  };
}

/** Adds pushed images whose tags could not be checked: they wait for a later run. */
export function withUncheckedTags(
  result: SyncAllResult,
  { unchecked, uncheckedCount }: { readonly unchecked: readonly UncheckedTag[]; readonly uncheckedCount: number },
): SyncAllResult {
  const notDone = unchecked.map(({ image, fault: { code, reason } }): NotDone => {
    return { image, state: 'waiting', code, reason: `could not check whether its tag moved: ${reason}` };
  });
  return {
    ...result,
    images: result.images + uncheckedCount,
    waiting: result.waiting + uncheckedCount,
    notDone: withNotDone(result.notDone, notDone),
  };
}

/** Adds an image whose workflow reported no outcome. */
export function withUnreportedImage(result: SyncAllResult, notDone: NotDone): SyncAllResult {
  return {
    ...result,
    images: result.images + 1,
    [notDone.state]: result[notDone.state] + 1,
    notDone: withNotDone(result.notDone, [notDone]),
  };
}
