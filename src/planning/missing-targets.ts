/** Targets that lack an image which others have: they get what those have. */
import type { PlatformSelection } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, Fault } from '../contract/activity-types.js';
import type { HeldTarget } from './held-targets.js';
import { faultOfNowhere, planRecorded } from './recorded-plan.js';
import type { RecordedPlan, RecordedPorts } from './recorded-plan.js';

export type MissingPlan =
  | RecordedPlan
  /** Neither the source nor a target can provide what the other targets have. */
  | { readonly fault: Fault };

/**
 * From the source, by a digest that it had at that time, if it has that still; else from a target that has the image, byte
 * for byte.
 *
 * @throws the signal's reason when aborted; what is no fault of a registry
 */
export async function planMissing(
  {
    image,
    source,
    selection,
    held,
    destinations,
  }: {
    readonly image: string;
    readonly source: ImageReference;
    readonly selection: PlatformSelection;
    readonly held: readonly HeldTarget[];
    readonly destinations: readonly Destination[];
  },
  ports: RecordedPorts,
  signal: AbortSignal,
): Promise<MissingPlan> {
  const found = await planRecorded(
    {
      source,
      selection,
      sourceDigests: new Set(held.flatMap(({ sourceDigests }) => sourceDigests)),
      copies: held.flatMap(({ readable }) => readable ?? []),
      destinations,
    },
    ports,
    signal,
  );
  if ('plan' in found) return found;
  const names = held.map(({ target, digest }) => `${target} (${digest})`).join(' and ');
  const why = [...new Set(found.reasons)].join('; ');
  const reason = `it lacks what ${names} has, which neither the source nor that target gives: ${why}; "ferry retry ${image}" copies what the source has now to every target`;
  return { fault: faultOfNowhere(found, { code: 'tag-missing', reason }) };
}
