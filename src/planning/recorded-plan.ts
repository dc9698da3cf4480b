/** Plans of what a target had or should have: a digest that is recorded, wherever it still is. */
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

export interface RecordedImage {
  readonly source: ImageReference;
  readonly selection: PlatformSelection;
  /** What the source had, the best first. */
  readonly sourceDigests: Iterable<Digest>;
  /** `host/repository@digest` of copies on targets, the best first. */
  readonly copies: Iterable<string>;
  readonly destinations: readonly Destination[];
  /** Manifests that the destinations have prove nothing. */
  readonly force?: boolean | undefined;
}

export interface RecordedPorts {
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan'>;
  readonly targets: readonly Target[];
}

export interface RecordedPlan {
  readonly plan: CopyPlan;
  readonly platforms: PlatformSelection;
  /** `host/repository@digest` that is read instead of the source. */
  readonly from?: string;
}

/** Why neither the source nor a copy gives it. */
export interface NowhereFound {
  readonly reasons: readonly string[];
  /** The first fault that may be temporary. */
  readonly temporary?: Fault | undefined;
}

/**
 * From the source, by a digest that it had, if it has that still; else from a copy, byte for byte.
 *
 * @throws the signal's reason when aborted; what is no fault of a registry
 */
export async function planRecorded(
  { source, selection, sourceDigests, copies, destinations, force }: RecordedImage,
  { engine, targets }: RecordedPorts,
  signal: AbortSignal,
): Promise<RecordedPlan | NowhereFound> {
  const reasons: string[] = [];
  let temporary: Fault | undefined;
  for (const digest of sourceDigests) {
    const plan = await attempt(async () => {
      await engine.resolve({ ...source, digest }, { signal });
      return await planFrom(source, digest, selection);
    });
    if (plan !== undefined) return { plan, platforms: selection };
  }
  for (const from of copies) {
    const digest = parseDigest(from.slice(from.indexOf('@') + 1));
    const plan = await attempt(async () => await planFrom(parseImageReference(from), digest, 'all'));
    if (plan !== undefined) return { plan, platforms: 'all', from };
  }
  return { reasons, temporary };

  async function planFrom(from: ImageReference, sourceDigest: Digest, platforms: PlatformSelection): Promise<CopyPlan> {
    return await engine.plan(
      { source: from, sourceDigest, platforms, targets: copyTargets(destinations, targets), force },
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
      if (fault.decision !== 'block' && fault.code !== 'tag-missing') temporary ??= fault;
      return undefined;
    }
  }
}

/** The fault of an image that was found nowhere. @param code where nothing temporary was the reason */
export function faultOfNowhere(
  { temporary }: Pick<NowhereFound, 'temporary'>,
  { code, reason }: Pick<Fault, 'code' | 'reason'>,
): Fault {
  return {
    code: temporary?.code ?? code,
    decision: temporary?.decision ?? 'block',
    reason,
    retryAfterMs: temporary?.retryAfterMs,
  };
}
