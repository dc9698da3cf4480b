/** Adding up what a run of `SyncAll` did. */
import type { TakeoverPage, UncheckedTag } from '../contract/activity-types.js';
import type {
  KeptTag,
  NotDone,
  ReplacedTag,
  SyncAllResult,
  SyncImageResult,
  UnreadTag,
} from '../contract/sync-messages.js';

const notDoneShown = 100;
const tagsShown = 100;

export const emptyResult: SyncAllResult = {
  runs: 0,
  images: 0,
  pushed: 0,
  waiting: 0,
  retrying: 0,
  blocked: 0,
  notDone: [],
};

/**
 * What a further pass starts from. Images that wait or failed are still pending, so it looks at each of them again and
 * counts them then; blocked ones it does not meet.
 */
export function atNextRun(result: SyncAllResult): SyncAllResult {
  // Whoever asked to be left alone is asked again by this run.
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

/** A page of rows of other programs that were looked for on the targets. What is not there is told by its own copy. */
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
  const told = unasked.map(({ target, fault, rows }): NotDone => {
    const image = `${rows} ${rows === 1 ? 'row' : 'rows'} marked as pushed`;
    const reason = `not verified, and left as they are: ${fault.reason}`;
    return { image, target, state: fault.decision === 'wait' ? 'waiting' : 'retrying', code: fault.code, reason };
  });
  const waiting = unasked.reduce((sum, { fault, rows }) => sum + (fault.decision === 'wait' ? rows : 0), 0);
  return {
    ...counted,
    takeover,
    images: counted.images + unverified,
    waiting: counted.waiting + waiting,
    retrying: counted.retrying + unverified - waiting,
    notDone: withNotDone(counted.notDone, told),
  };
}

/** Rows that other programs inserted and that name no image: blocked, each with its reason in the database. */
export function withRefusedRows(result: SyncAllResult, refused: number): SyncAllResult {
  if (refused === 0) return result;
  const told: NotDone = {
    image: `${refused} ${refused === 1 ? 'row' : 'rows'} of images_for_push`,
    state: 'blocked',
    code: 'invalid-reference',
    reason: 'no image can be read from it; "ferry list blocked" says why',
  };
  return {
    ...result,
    images: result.images + refused,
    blocked: result.blocked + refused,
    notDone: withNotDone(result.notDone, [told]),
  };
}

export function withImage(result: SyncAllResult, image: SyncImageResult): SyncAllResult {
  // Taken back in mid-pass it counts for nothing, and may have replaced something before.
  if (image.state === 'nothing') return { ...result, ...withReplaced(result.replaced, replacedBy(image)) };
  return {
    ...result,
    images: result.images + 1,
    [image.state]: result[image.state] + 1,
    notDone: withNotDone(result.notDone, image.notDone),
    ...withReplaced(result.replaced, replacedBy(image)),
    ...withKept(result.kept, keptBy(image)),
    ...withUnread(result.unread, unreadOf(image)),
    ...earlier(result.againAt, image.againAt),
  };
}

function replacedBy({ image, targets }: SyncImageResult): readonly ReplacedTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'pushed' || outcome.replaced === undefined) return [];
    const { target, reference, digest, replaced: before, backup } = outcome;
    return [{ image, target, reference, before, digest, ...(backup === undefined ? {} : { backup }) }];
  });
}

function withReplaced(
  known: SyncAllResult['replaced'],
  added: readonly ReplacedTag[],
): Pick<SyncAllResult, 'replaced'> {
  if (added.length === 0) return {};
  const { count, first } = known ?? { count: 0, first: [] };
  return { replaced: { count: count + added.length, first: [...first, ...added].slice(0, tagsShown) } };
}

function unreadOf({ image, targets }: SyncImageResult): readonly UnreadTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'pushed' || outcome.unread === undefined) return [];
    const { target, reference, unread: reason } = outcome;
    return [{ image, target, reference, reason }];
  });
}

function withUnread(known: SyncAllResult['unread'], added: readonly UnreadTag[]): Pick<SyncAllResult, 'unread'> {
  if (added.length === 0) return {};
  const { count, first } = known ?? { count: 0, first: [] };
  return { unread: { count: count + added.length, first: [...first, ...added].slice(0, tagsShown) } };
}

function keptBy({ image, targets }: SyncImageResult): readonly KeptTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'adopted' || outcome.note === undefined) return [];
    const { target, reference, note: reason } = outcome;
    return [{ image, target, reference, reason }];
  });
}

function withKept(known: SyncAllResult['kept'], added: readonly KeptTag[]): Pick<SyncAllResult, 'kept'> {
  if (added.length === 0) return {};
  const { count, first } = known ?? { count: 0, first: [] };
  return { kept: { count: count + added.length, first: [...first, ...added].slice(0, tagsShown) } };
}

function earlier(a: number | undefined, b: number | undefined): { readonly againAt?: number } {
  const times = [a, b].filter((time) => time !== undefined);
  return times.length === 0 ? {} : { againAt: Math.min(...times) };
}

/** Pushed images of which nobody knows whether their tags moved: they wait for a run that can ask. */
export function withUncheckedTags(
  result: SyncAllResult,
  { unchecked, uncheckedCount }: { readonly unchecked: readonly UncheckedTag[]; readonly uncheckedCount: number },
): SyncAllResult {
  const told = unchecked.map(({ image, fault: { code, reason } }): NotDone => {
    return { image, state: 'waiting', code, reason: `whether its tag moved could not be asked: ${reason}` };
  });
  return {
    ...result,
    images: result.images + uncheckedCount,
    waiting: result.waiting + uncheckedCount,
    notDone: withNotDone(result.notDone, told),
  };
}

/** An image whose workflow told nothing of it. */
export function withUnreportedImage(result: SyncAllResult, notDone: NotDone): SyncAllResult {
  return {
    ...result,
    images: result.images + 1,
    [notDone.state]: result[notDone.state] + 1,
    notDone: withNotDone(result.notDone, [notDone]),
  };
}

function withNotDone(known: readonly NotDone[], added: readonly NotDone[]): readonly NotDone[] {
  return [...known, ...added].slice(0, notDoneShown);
}
