/** Copies that an audit found lost, changed or incomplete: they become again what they were. */
import { isDigest } from '@image-ferry/registry/digest';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, Fault } from '../../contract/activity-types.js';
import { driftCodes } from '../../domain/audit.js';
import type { MarkedCopy } from '../../domain/wanted-image.js';
import { faultOfNowhere, planRecorded } from '../recorded-plan.js';
import type { RecordedPlan, RecordedPorts } from '../recorded-plan.js';

/** A copy that is to be healed, and where it is. */
export interface BrokenCopy {
  readonly destination: Destination;
  readonly mark: MarkedCopy;
}

export type HealPlan =
  | (RecordedPlan & { readonly copies: readonly BrokenCopy[] })
  /** Neither the source nor a target has what the copies were. */
  | { readonly fault: Fault; readonly copies: readonly BrokenCopy[] };

/**
 * Plans the copies that were made from the same digest; the others follow in a later run. They come from the source by that
 * digest, even if its tag has moved since; otherwise byte for byte from a target that has the image. Manifests that a target
 * still has prove nothing here: the copy is forced.
 *
 * @param known `host/repository@digest` of copies on other targets, the best first
 * @throws the signal's reason when aborted; what is no fault of a registry
 */
export async function planHeal(
  {
    image,
    source,
    selection,
    broken,
    known,
  }: {
    readonly image: string;
    readonly source: ImageReference;
    readonly selection: PlatformSelection;
    readonly broken: readonly [BrokenCopy, ...BrokenCopy[]];
    readonly known: readonly string[];
  },
  ports: RecordedPorts,
  signal: AbortSignal,
): Promise<HealPlan> {
  const [first] = broken;
  const copies = broken.filter(({ mark }) => mark.sourceDigest === first.mark.sourceDigest);
  const destinations = copies.map(({ destination }) => destination);
  const { sourceDigest } = first.mark;
  const isRecorded = sourceDigest !== undefined && isDigest(sourceDigest);
  const found = await planRecorded(
    { source, selection, sourceDigests: isRecorded ? [sourceDigest] : [], copies: known, destinations, force: true },
    ports,
    signal,
  );
  if ('plan' in found) return { ...found, copies };
  const reasons = isRecorded ? found.reasons : ['the digest of its source is not recorded', ...found.reasons];
  const why = [...new Set(reasons)].join('; ');
  const reason = `the target lost ${first.mark.digest}, which neither the source nor another target gives: ${why}; "ferry retry ${image}" copies what the source has now`;
  return { fault: faultOfNowhere(found, { code: driftCodes[first.mark.drift ?? 'lost'], reason }), copies };
}
