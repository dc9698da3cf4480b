/** Between what crosses Temporal's wire and what the copy engine takes and gives. */
import type { ContinuedUpload, CopyPlan, CopyTarget, TargetPlan, TargetResult } from '@image-ferry/registry';
import { parsePlatform, printPlatform } from '@image-ferry/registry/platform';
import type { PlatformSelection } from '@image-ferry/registry/platform';

import type { Destination, OpenTarget } from '../contract/activity-types.js';
import { toFault } from '../contract/to-fault.js';
import { copyRecipe } from '../domain/copy-recipe.js';
import { FerryError } from '../domain/ferry-error.js';
import type { Target } from '../domain/target.js';
import type { ContinuedTransfer } from '../domain/transfer-meter.js';
import type { TargetOutcome } from '../domain/wanted-image.js';

export function selectionOf(platforms: 'all' | readonly string[]): PlatformSelection {
  return platforms === 'all' ? 'all' : platforms.map(parsePlatform);
}

export function printSelection(selection: PlatformSelection): 'all' | readonly string[] {
  return selection === 'all' ? 'all' : selection.map(printPlatform);
}

/** Recipes of the configured targets by name, those left out by which nothing can be relied on later. */
export function copyRecipes(
  platforms: 'all' | readonly string[],
  targets: readonly Target[],
): ReadonlyMap<string, string> {
  const recipes = targets.map((target) => [target.name, copyRecipe(platforms, target)] as const);
  return new Map(recipes.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** @throws FerryError when a target was taken out of the configuration since the copy was planned */
export function copyTargets(destinations: readonly Destination[], targets: readonly Target[]): CopyTarget[] {
  return destinations.map(({ target: name, host, repository, tag, backupTag }) => {
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined) {
      throw new FerryError(`target ${name} is no longer configured on this worker`, {
        code: 'configuration',
        decision: 'block',
      });
    }
    const { manifestPolicy, referrers } = target;
    return { name, host, repository, tag, manifestPolicy, referrers, backupTag };
  });
}

/** @param recipe by which the copy was made; absent: another one cannot rely on it */
export function pushedOutcome(result: TargetResult | TargetPlan, recipe?: string): TargetOutcome {
  const { target, reference, digest, mediaType, platforms, dropped, replaces, note, unread } = result;
  const sent = 'uploadedBlobs' in result ? result : undefined;
  return {
    target,
    state: 'pushed',
    reference,
    digest,
    mediaType,
    platforms,
    dropped,
    // Adding platforms to an existing index loses nothing, so only a backup of the old index is reported.
    ...(replaces === undefined || (result.extends === true && sent?.backup === undefined)
      ? {}
      : { replaced: replaces }),
    backup: sent?.backup,
    uploadedBlobs: sent?.uploadedBlobs ?? 0,
    mountedBlobs: sent?.mountedBlobs ?? 0,
    skippedBlobs: sent?.skippedBlobs ?? 0,
    bytesSent: sent?.bytesSent ?? 0,
    note,
    unread,
    continued: sent?.continued === undefined ? undefined : continuedOf(sent.continued),
    recipe,
  };
}

/** The largest few: an image of a thousand layers must not make a long history. */
const continuedShown = 5;

function continuedOf(uploads: readonly ContinuedUpload[]): readonly ContinuedTransfer[] {
  const largest = [...uploads].sort((a, b) => b.size - a.size).slice(0, continuedShown);
  return largest.map(({ offset, size, after }) => ({ offset, size, after }));
}

/** The targets that the plan says need the image. */
export function untried(plan: CopyPlan, destinations: readonly Destination[]) {
  const lacking = plan.targets.filter(({ alreadyThere }) => !alreadyThere);
  return lacking.map(({ target }) => untriedTarget(target, destinations));
}

/** The most that a target gets; undefined if a manifest was not read, or if referrers come along. */
export function bytesOf({ targets }: CopyPlan): number | undefined {
  const lacking = targets.filter(({ alreadyThere }) => !alreadyThere);
  if (lacking.some(({ platforms, referrers = 0 }) => platforms.length === 0 || referrers > 0)) return undefined;
  return Math.max(0, ...lacking.map(({ platforms }) => platforms.reduce((sum, { size }) => sum + size, 0)));
}

/** A target that the plan says needs the image, not tried yet. */
function untriedTarget(target: string, destinations: readonly Destination[]): OpenTarget {
  return { destination: destinationOf(target, destinations) };
}

export function openTarget(
  { target, failure }: { readonly target: string; readonly failure: FerryError },
  destinations: readonly Destination[],
): OpenTarget {
  const destination = destinationOf(target, destinations);
  return { destination, fault: toFault(failure) };
}

function destinationOf(target: string, destinations: readonly Destination[]): Destination {
  const destination = destinations.find((candidate) => candidate.target === target);
  if (destination === undefined) throw new TypeError(`the engine reported on ${target}, which was not requested`);
  return destination;
}
