/** One copy by the engine, with the result in the form that crosses Temporal's wire. */
import type { CopyProgress } from '@image-ferry/registry';
import { parseDigest } from '@image-ferry/registry/digest';
import { parseImageReference } from '@image-ferry/registry/reference';

import type { CopyImageInput, CopyImageResult } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import type { Target } from '../domain/target.js';
import { copyRecipes, copyTargets, openTarget, pushedOutcome, selectionOf } from './copy-wire.js';
import type { CopyEngine } from './engine-ports.js';

export interface CopyPorts {
  readonly engine: Pick<CopyEngine, 'copy'>;
  readonly targets: readonly Target[];
}

/**
 * Copies an image to its destinations. A fault of the source is part of the result.
 *
 * @param options.bytesRead bytes read from the source so far, called at the end
 * @throws the signal's reason; FerryError of the database, which says nothing about the source
 */
export async function runCopy(
  { engine, targets }: CopyPorts,
  input: CopyImageInput,
  {
    signal,
    onProgress,
    bytesRead,
  }: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: CopyProgress) => void;
    readonly bytesRead: () => number;
  },
): Promise<CopyImageResult> {
  const request = {
    source: parseImageReference(input.from ?? input.image),
    sourceDigest: parseDigest(input.sourceDigest),
    platforms: selectionOf(input.platforms),
    targets: copyTargets(input.destinations, targets),
    ...(input.force === true ? { force: true } : {}),
  };
  const recipes = copyRecipes(input.platforms, targets);
  try {
    const copied = await engine.copy(request, { signal, onProgress });
    return {
      done: copied.targets.map((result) => pushedOutcome(result, recipes.get(result.target))),
      open: copied.failures.map((failure) => openTarget(failure, input.destinations)),
      bytesRead: bytesRead(),
    };
  } catch (error) {
    const sourceFault = faultOrThrow(error, signal);
    const open = input.destinations.map((destination) => ({ destination }));
    return { done: [], open, bytesRead: bytesRead(), sourceFault };
  }
}
