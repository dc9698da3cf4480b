/**
 * Several references may have one tag on a target (`domain/target-tag.ts`), such as `app:1` and `app:1@sha256:…`. The tag
 * belongs to the one that was wanted first.
 */
import { printPlatform } from '@image-ferry/registry/platform';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';

import type { LeftTarget } from '../contract/activity-types.js';
import type { WantedImageStore } from '../database/wanted/wanted-image-store.js';
import { FerryError } from '../domain/ferry-error.js';
import { targetTag } from '../domain/target-tag.js';
import type { Target } from '../domain/target.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import { chosenTargets, wantedTargets } from '../domain/wanted-targets.js';
import type { CopyEngine } from './engine-ports.js';

export interface TagClaim {
  readonly image: string;
  readonly selection: PlatformSelection;
  readonly targets: readonly Target[];
  /** Only a Docker daemon may send requests to the source. */
  readonly isUnseen: boolean;
  /** References that have the image's tag, itself among them, the first wanted first. */
  readonly sharing: readonly string[];
}

/**
 * Finds the targets whose tag belongs to an earlier reference with another meaning: another digest of the source, or
 * other platforms. Two references with the same meaning are both pushed, one after the other. If only a Docker daemon
 * may reach the source, two references never count as the same.
 *
 * @throws FerryError of the source
 */
export async function takenTargets(
  { image, selection, targets, isUnseen, sharing }: TagClaim,
  {
    wanted,
    engine,
  }: { readonly wanted: Pick<WantedImageStore, 'wantedRows'>; readonly engine: Pick<CopyEngine, 'resolve'> },
  signal: AbortSignal,
): Promise<readonly LeftTarget[]> {
  const taken = new Map<string, LeftTarget>();
  for (const other of sharing.slice(0, sharing.indexOf(image))) {
    const { rows } = await wanted.wantedRows(other);
    const both = chosenTargets(wantedTargets(rows), targets).filter(({ name }) => !taken.has(name));
    if (both.length === 0) continue;
    const meaning = isUnseen ? 'only the Docker daemon can resolve it' : await otherMeaning(other, rows);
    if (meaning === undefined) continue;
    for (const target of both) {
      taken.set(target.name, { target: target.name, fault: takenTag({ image, other, meaning }, target) });
    }
  }
  return [...taken.values()];

  /** What the other reference points to, in words; undefined where it means the same, or nothing. */
  async function otherMeaning(other: string, rows: readonly WantedImage[]): Promise<string | undefined> {
    const theirs = await digestOf(other, engine, signal);
    // What its source does not have lies on no target.
    if (theirs === undefined) return undefined;
    const ours = await digestOf(image, engine, signal);
    const theirPlatforms = printSelection(wantedSelection(rows));
    const isSame = theirs === ours && theirPlatforms === printSelection(selection);
    return isSame ? undefined : `it points to ${theirs} for ${theirPlatforms}`;
  }
}

async function digestOf(
  image: string,
  engine: Pick<CopyEngine, 'resolve'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reference = parseImageReference(image);
  if (reference.digest !== undefined) return reference.digest;
  try {
    return await engine.resolve(reference, { signal });
  } catch (error) {
    if (error instanceof FerryError && error.code === 'tag-missing') return undefined;
    throw error;
  }
}

function takenTag(
  { image, other, meaning }: { readonly image: string; readonly other: string; readonly meaning: string },
  target: Target,
): LeftTarget['fault'] {
  const tag = targetTag(parseImageReference(image), target);
  return {
    code: 'target-tag-taken',
    decision: 'block',
    reason: `its tag "${tag}" belongs to ${other}, which was wanted first: ${meaning}; to have this one there instead: "ferry remove ${other}", then "ferry retry ${image}"`,
  };
}

function printSelection(selection: PlatformSelection): string {
  return selection === 'all' ? 'all platforms' : selection.map(printPlatform).join(', ');
}
