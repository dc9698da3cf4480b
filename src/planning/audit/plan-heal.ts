/** Copies that an audit found lost, changed or incomplete: they become again what they were. */
import type { CopyPlan } from '@image-ferry/registry';
import { isDigest, parseDigest } from '@image-ferry/registry/digest';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, Fault } from '../../contract/activity-types.js';
import { faultOrThrow } from '../../contract/to-fault.js';
import { driftCodes } from '../../domain/audit.js';
import type { Target } from '../../domain/target.js';
import type { MarkedCopy } from '../../domain/wanted-image.js';
import { copyTargets } from '../copy-wire.js';
import type { CopyEngine } from '../engine-ports.js';

/** A copy that is to be healed, and where it is. */
export interface BrokenCopy {
  readonly destination: Destination;
  readonly mark: MarkedCopy;
}

export type HealPlan =
  | {
      readonly plan: CopyPlan;
      readonly platforms: PlatformSelection;
      /** `host/repository@digest` that is read instead of the source. */
      readonly from?: string;
      readonly copies: readonly BrokenCopy[];
    }
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
  { engine, targets }: { readonly engine: Pick<CopyEngine, 'resolve' | 'plan'>; readonly targets: readonly Target[] },
  signal: AbortSignal,
): Promise<HealPlan> {
  const [first] = broken;
  const copies = broken.filter(({ mark }) => mark.sourceDigest === first.mark.sourceDigest);
  const destinations = copies.map(({ destination }) => destination);
  const reasons: string[] = [];
  let temporary: Fault | undefined;

  const { sourceDigest } = first.mark;
  if (sourceDigest !== undefined && isDigest(sourceDigest)) {
    const plan = await attempt(async () => {
      await engine.resolve({ ...source, digest: sourceDigest }, { signal });
      return await planFrom(source, sourceDigest, selection);
    });
    if (plan !== undefined) return { plan, platforms: selection, copies };
  } else {
    reasons.push('the digest of its source is not recorded');
  }
  for (const from of known) {
    const digest = parseDigest(from.slice(from.indexOf('@') + 1));
    const plan = await attempt(async () => await planFrom(parseImageReference(from), digest, 'all'));
    if (plan !== undefined) return { plan, platforms: 'all', from, copies };
  }
  const code = driftCodes[first.mark.drift ?? 'lost'];
  const why = [...new Set(reasons)].join('; ');
  const reason = `the target lost ${first.mark.digest}, which neither the source nor another target gives: ${why}; "ferry retry ${image}" copies what the source has now`;
  const fault: Fault = {
    code: temporary?.code ?? code,
    decision: temporary?.decision ?? 'block',
    reason,
    retryAfterMs: temporary?.retryAfterMs,
  };
  return { fault, copies };

  async function planFrom(from: ImageReference, digest: CopyPlan['sourceDigest'], platforms: PlatformSelection) {
    return await engine.plan(
      { source: from, sourceDigest: digest, platforms, targets: copyTargets(destinations, targets), force: true },
      { signal },
    );
  }

  async function attempt(planning: () => Promise<CopyPlan>): Promise<CopyPlan | undefined> {
    try {
      return await planning();
    } catch (error) {
      const fault = faultOrThrow(error, signal);
      reasons.push(fault.reason);
      // A digest that is gone does not come back, even where a tag might.
      if (fault.decision !== 'block' && fault.code !== 'tag-missing') temporary ??= fault;
      return undefined;
    }
  }
}
