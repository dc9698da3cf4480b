/** What becomes of an image in an activity for many. */
import type { Fault, SingleImage } from '../contract/activity-types.js';
import type { RecordedImage } from '../contract/recorded-image.js';
import type { SyncImageResult } from '../contract/sync-messages.js';
import { saysAway } from './target-health.js';
import type { TargetAnswers } from './target-outages.js';

export type ImageStep =
  | { readonly kind: 'over'; readonly result: SyncImageResult }
  | { readonly kind: 'record'; readonly recorded: RecordedImage }
  /** `isOfSource`: the copy failed because of its source, whose fault is that of all open targets. */
  | { readonly kind: 'single'; readonly single: SingleImage; readonly isOfSource?: boolean };

export function over(result: SyncImageResult): ImageStep {
  return { kind: 'over', result };
}

/** Which targets the image reached. A target that is left to the next run is recorded, and holds no image back. */
export function answersIn(step: ImageStep): TargetAnswers {
  if (step.kind !== 'single') {
    const { targets } = step.kind === 'record' ? step.recorded.result : step.result;
    return { away: [], there: targets.map(({ target }) => target) };
  }
  const { plan, copied } = step.single;
  const there = (copied?.done ?? []).map(({ target }) => target);
  if (step.isOfSource === true || (plan?.kind !== 'left' && plan?.kind !== 'planned')) return { away: [], there };
  const planned = plan.kind === 'planned' ? plan.open : [];
  const open = [...planned, ...(copied?.open ?? [])].map(({ destination: { target }, fault }) => ({ target, fault }));
  const away = [...plan.left, ...open].flatMap(({ target, fault }) => (isAway(fault) ? [target] : []));
  return { away, there };
}

function isAway(fault: Fault | undefined): boolean {
  return fault !== undefined && fault.again === undefined && saysAway(fault);
}
