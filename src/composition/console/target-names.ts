import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { TargetNameStore } from '../../database/target-name-store.js';
import { FerryError } from '../../domain/ferry-error.js';
import type { Target } from '../../domain/target.js';
import { foreseeDestination } from '../../planning/destinations.js';
import type { NameOnTarget } from '../../server/v1/names-on-targets.js';

/** Where an image is, or would be, on each target; claims nothing. */
export async function namesOnTargets(
  names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf'>,
  source: ImageReference,
  targets: readonly Target[],
): Promise<readonly NameOnTarget[]> {
  return await Promise.all(
    targets.map(async (target) => {
      try {
        const { host, repository, tag } = (await foreseeDestination(names, source, target)).destination;
        return { target: target.name, reference: `${host}/${repository}:${tag}` };
      } catch (error) {
        if (!(error instanceof FerryError) || error.code === 'database') throw error;
        return { target: target.name, fault: `${printImageReference(source)}: ${error.message}` };
      }
    }),
  );
}
