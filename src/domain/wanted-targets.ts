import type { Target } from './target.js';
import { PushStatus } from './wanted-image.js';

/** Names of targets, sorted without duplicates; `all`: every target that is or will be configured. */
export type TargetSelection = 'all' | readonly string[];

/**
 * wantedTargets returns the targets of an image: those of all its rows except withdrawn ones; a row without targets means
 * all of them. If every row is withdrawn, it returns their targets, which a copy in flight still needs.
 */
export function wantedTargets(
  rows: readonly { readonly status: PushStatus; readonly targets?: readonly string[] | undefined }[],
): TargetSelection {
  const live = rows.filter(({ status }) => status !== PushStatus.withdrawn);
  const [first, ...others] = (live.length > 0 ? live : rows).map(({ targets }): TargetSelection => targets ?? 'all');
  return others.reduce(uniteTargets, uniteTargets(first ?? 'all', []));
}

/** The union of two selections; `all` takes precedence. */
export function uniteTargets(one: TargetSelection, other: TargetSelection): TargetSelection {
  if (one === 'all' || other === 'all') return 'all';
  return [...new Set([...one, ...other])].sort();
}

/** Whether `now` contains a target that `before` lacks. */
export function isWider(now: TargetSelection, before: TargetSelection): boolean {
  if (before === 'all') return false;
  return now === 'all' || now.some((name) => !before.includes(name));
}

/** The selected targets in the order of the configuration. Names that are no longer configured are ignored. */
export function chosenTargets(selection: TargetSelection, configured: readonly Target[]): readonly Target[] {
  return selection === 'all' ? configured : configured.filter(({ name }) => selection.includes(name));
}
