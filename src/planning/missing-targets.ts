/** Targets that lack an image which others have: they get what those have. */
import type { CopyPlan } from '@image-ferry/registry';
import { parseDigest } from '@image-ferry/registry/digest';
import type { Digest } from '@image-ferry/registry/digest';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, Fault } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import type { Target } from '../domain/target.js';
import { copyTargets } from './copy-wire.js';
import type { CopyEngine } from './engine-ports.js';
import type { HeldTarget } from './held-targets.js';

export type MissingPlan =
  | { readonly plan: CopyPlan; readonly platforms: PlatformSelection; readonly from?: string }
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
  { engine, targets }: { readonly engine: Pick<CopyEngine, 'resolve' | 'plan'>; readonly targets: readonly Target[] },
  signal: AbortSignal,
): Promise<MissingPlan> {
  const reasons: string[] = [];
  let mayHeal: Fault | undefined;
  for (const digest of new Set(held.flatMap(({ sourceDigests }) => sourceDigests))) {
    const plan = await attempt(async () => {
      await engine.resolve({ ...source, digest }, { signal });
      return await planFrom(source, digest, selection);
    });
    if (plan !== undefined) return { plan, platforms: selection };
  }
  for (const { readable } of held) {
    if (readable === undefined) continue;
    const reference = parseImageReference(readable);
    const digest = parseDigest(readable.slice(readable.indexOf('@') + 1));
    const plan = await attempt(async () => await planFrom(reference, digest, 'all'));
    if (plan !== undefined) return { plan, platforms: 'all', from: readable };
  }
  const names = held.map(({ target, digest }) => `${target} (${digest})`).join(' and ');
  const why = [...new Set(reasons)].join('; ');
  return {
    fault: {
      code: mayHeal?.code ?? 'tag-missing',
      decision: mayHeal === undefined ? 'block' : mayHeal.decision,
      reason: `it lacks what ${names} has, which neither the source nor that target gives: ${why}; "ferry retry ${image}" copies what the source has now to every target`,
      retryAfterMs: mayHeal?.retryAfterMs,
    },
  };

  async function planFrom(from: ImageReference, sourceDigest: Digest, platforms: PlatformSelection): Promise<CopyPlan> {
    return await engine.plan(
      { source: from, sourceDigest, platforms, targets: copyTargets(destinations, targets) },
      { signal },
    );
  }

  async function attempt(planning: () => Promise<CopyPlan>): Promise<CopyPlan | undefined> {
    try {
      return await planning();
    } catch (error) {
      const fault = faultOrThrow(error, signal);
      reasons.push(fault.reason);
      // A tag that is missing may be published yet; a digest that is gone does not come back.
      if (fault.decision !== 'block' && fault.code !== 'tag-missing') mayHeal ??= fault;
      return undefined;
    }
  }
}
