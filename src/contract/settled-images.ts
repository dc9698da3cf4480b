/** Adds up the results of images: of an activity that settles many, and of a whole run. */
import { describeContinued } from '../domain/transfer-meter.js';
import type {
  ContinuedCopy,
  FirstOf,
  KeptTag,
  NotDone,
  ReplacedTag,
  SettledImages,
  SyncImageResult,
  UnreadTag,
} from './sync-messages.js';

const notDoneShown = 100;
const tagsShown = 100;

export const nothingSettled: SettledImages = {
  images: 0,
  pushed: 0,
  waiting: 0,
  retrying: 0,
  blocked: 0,
  notDone: [],
};

/** Adds the result of one image. */
export function withImage<R extends SettledImages>(result: R, image: SyncImageResult): R {
  // An image that was removed during the run is not counted, but may have replaced a tag before.
  if (image.state === 'nothing') return { ...result, ...withLists(result, { replaced: allOf(replacedBy(image)) }) };
  return {
    ...result,
    images: result.images + 1,
    [image.state]: result[image.state] + 1,
    notDone: withNotDone(result.notDone, image.notDone),
    ...withLists(result, {
      replaced: allOf(replacedBy(image)),
      kept: allOf(keptBy(image)),
      unread: allOf(unreadOf(image)),
      continued: allOf(continuedOf(image)),
    }),
    ...earlier(result.againAt, image.againAt),
  };
}

/** Adds the results of images that were settled together. */
export function addSettled<R extends SettledImages>(result: R, settled: SettledImages): R {
  return {
    ...result,
    images: result.images + settled.images,
    pushed: result.pushed + settled.pushed,
    waiting: result.waiting + settled.waiting,
    retrying: result.retrying + settled.retrying,
    blocked: result.blocked + settled.blocked,
    notDone: withNotDone(result.notDone, settled.notDone),
    ...withLists(result, settled),
    ...earlier(result.againAt, settled.againAt),
  };
}

export function withNotDone(known: readonly NotDone[], added: readonly NotDone[]): readonly NotDone[] {
  return [...known, ...added].slice(0, notDoneShown);
}

type Lists = Pick<SettledImages, 'replaced' | 'kept' | 'unread' | 'continued'>;

function withLists(known: Lists, added: Lists): Lists {
  return {
    replaced: both(known.replaced, added.replaced),
    kept: both(known.kept, added.kept),
    unread: both(known.unread, added.unread),
    continued: both(known.continued, added.continued),
  };
}

function both<T>(known: FirstOf<T> | undefined, added: FirstOf<T> | undefined): FirstOf<T> | undefined {
  if (known === undefined || added === undefined) return known ?? added;
  return { count: known.count + added.count, first: [...known.first, ...added.first].slice(0, tagsShown) };
}

function allOf<T>(first: readonly T[]): FirstOf<T> | undefined {
  return first.length === 0 ? undefined : { count: first.length, first };
}

function replacedBy({ image, targets }: SyncImageResult): readonly ReplacedTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'pushed' || outcome.replaced === undefined) return [];
    const { target, reference, digest, replaced: before, backup } = outcome;
    return [{ image, target, reference, before, digest, backup }];
  });
}

function unreadOf({ image, targets }: SyncImageResult): readonly UnreadTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'pushed' || outcome.unread === undefined) return [];
    const { target, reference, unread: reason } = outcome;
    return [{ image, target, reference, reason }];
  });
}

function continuedOf({ image, targets }: SyncImageResult): readonly ContinuedCopy[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'pushed') return [];
    const { target, continued = [] } = outcome;
    return continued.map((upload) => ({ image, target, reason: describeContinued(upload) }));
  });
}

function keptBy({ image, targets }: SyncImageResult): readonly KeptTag[] {
  return targets.flatMap((outcome) => {
    if (outcome.state !== 'adopted' || outcome.note === undefined) return [];
    const { target, reference, note: reason } = outcome;
    return [{ image, target, reference, reason }];
  });
}

function earlier(a: number | undefined, b: number | undefined): { readonly againAt?: number } {
  const times = [a, b].filter((time) => time !== undefined);
  return times.length === 0 ? {} : { againAt: Math.min(...times) };
}
