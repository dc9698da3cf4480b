import type { Target } from './target.js';
import { PushStatus } from './wanted-image.js';

/** Names of targets, sorted, each once; `all`: every configured one, now and later. */
export type TargetSelection = 'all' | readonly string[];

/**
 * Where an image goes: every target that a row of the image names, less those of withdrawn rows; a row that names none
 * wants all of them. Of an image that is wholly withdrawn, where it went: a copy under way is judged by that.
 */
export function wantedTargets(
  rows: readonly { readonly status: PushStatus; readonly targets?: readonly string[] }[],
): TargetSelection {
  const live = rows.filter(({ status }) => status !== PushStatus.withdrawn);
  const [first, ...others] = (live.length > 0 ? live : rows).map(({ targets }): TargetSelection => targets ?? 'all');
  return others.reduce(uniteTargets, uniteTargets(first ?? 'all', []));
}

/** What either of two wishes names; `all` wins. */
export function uniteTargets(one: TargetSelection, other: TargetSelection): TargetSelection {
  if (one === 'all' || other === 'all') return 'all';
  return [...new Set([...one, ...other])].sort();
}

/** Whether `now` names a target that `before` does not. */
export function isWider(now: TargetSelection, before: TargetSelection): boolean {
  if (before === 'all') return false;
  return now === 'all' || now.some((name) => !before.includes(name));
}

/** Those of the configured targets that are meant, in their order. Names that are no longer configured are ignored. */
export function chosenTargets(selection: TargetSelection, configured: readonly Target[]): readonly Target[] {
  return selection === 'all' ? configured : configured.filter(({ name }) => selection.includes(name));
}
