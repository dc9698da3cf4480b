/** A tag that is to point to an earlier digest again: where that content comes from. */
import type { CheckedContents, CopyPlan } from '@image-ferry/registry';
import { parseDigest } from '@image-ferry/registry/digest';
import type { Digest } from '@image-ferry/registry/digest';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';

import type { Destination, Fault } from '../../contract/activity-types.js';
import { faultOrThrow } from '../../contract/to-fault.js';
import type { Target } from '../../domain/target.js';
import { copyTargets } from '../copy-wire.js';
import type { CopyEngine } from '../engine-ports.js';
import { faultOfNowhere } from '../recorded-plan.js';
import { readableAt } from '../tag-ref.js';

export interface RollbackRequest {
  readonly image: string;
  readonly destination: Destination;
  /** What the tag is to point to. */
  readonly to: string;
  readonly selection: PlatformSelection;
  /** What the source had when runs pushed this digest: for an index that was composed of it. */
  readonly sourceDigests: readonly string[];
  /** Also read what the source has, which may count as pulls: before a rollback is requested, not again when it is made. */
  readonly provesSource: boolean;
  /** The image's copies on other targets. */
  readonly others: readonly Pick<Destination, 'target' | 'host' | 'repository'>[];
}

export type RollbackPlan =
  | {
      readonly plan: CopyPlan;
      readonly platforms: PlatformSelection;
      /** `host/repository@digest` that is read. */
      readonly from: string;
      /** What the target has below a manifest is not proven. */
      readonly force: boolean;
    }
  /** Nothing was changed. */
  | { readonly fault: Fault };

export interface RollbackPorts {
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan' | 'contents' | 'sourceContents'>;
  readonly targets: readonly Target[];
}

/**
 * Finds a place that has the whole content, and proves that where it is a target: first the target's own repository, which
 * keeps manifests without a tag until a garbage collection; then the source, by digest; then the image's other targets.
 *
 * @returns a fault that names each place and why it cannot give the content
 * @throws the signal's reason when aborted; what is no fault of a registry
 */
export async function planRollback(
  { image, destination, to, selection, sourceDigests, provesSource, others }: RollbackRequest,
  { engine, targets }: RollbackPorts,
  signal: AbortSignal,
): Promise<RollbackPlan> {
  const digest = parseDigest(to);
  const ownReference = readableAt(destination, to);
  const reasons: string[] = [];
  let temporary: Fault | undefined;
  const own = await fromTarget(destination);
  if (own !== undefined) return own;
  const repository = sourceRepository(parseImageReference(image));
  const exact = await fromSource(digest, 'all');
  if (exact !== undefined) return exact;
  for (const sourceDigest of sourceDigests) {
    if (sourceDigest === to) continue;
    const composed = await fromSource(parseDigest(sourceDigest), selection);
    if (composed !== undefined) return composed;
  }
  for (const other of others) {
    const found = await fromTarget(other);
    if (found !== undefined) return found;
  }
  const reason = `${to} cannot be put back, because no registry has all of it: ${[...new Set(reasons)].join('; ')}; nothing was changed`;
  return { fault: faultOfNowhere({ temporary }, { code: 'rollback-impossible', reason }) };

  async function fromTarget(place: Pick<Destination, 'target' | 'host' | 'repository'>) {
    return await attempt(place.target, async () => {
      const missing = missingIn(await engine.contents(place, digest, { signal }));
      return missing ?? (await planned(readableAt(place, to), digest, 'all'));
    });
  }

  async function fromSource(sourceDigest: Digest, platforms: PlatformSelection) {
    const from = `${repository}@${sourceDigest}`;
    return await attempt('the source', async () => {
      const source = { ...parseImageReference(from), digest: sourceDigest };
      await engine.resolve(source, { signal });
      const missing = provesSource ? missingIn(await engine.sourceContents(source, { signal })) : undefined;
      return missing ?? (await planned(from, sourceDigest, platforms));
    });
  }

  /** A plan that gives the tag exactly this digest; otherwise why it does not. */
  async function planned(
    from: string,
    sourceDigest: Digest,
    platforms: PlatformSelection,
  ): Promise<RollbackPlan | string> {
    const force = from !== ownReference;
    const request = { source: parseImageReference(from), sourceDigest, platforms, force };
    const plan = await engine.plan({ ...request, targets: copyTargets([destination], targets) }, { signal });
    const [failure] = plan.failures;
    if (failure !== undefined) throw failure.failure;
    const given = plan.targets[0]?.digest;
    if (given !== to) return `it gives ${given ?? 'nothing'} there instead`;
    return { plan, platforms, from, force };
  }

  async function attempt(place: string, work: () => Promise<RollbackPlan | string>): Promise<RollbackPlan | undefined> {
    try {
      const found = await work();
      if (typeof found !== 'string') return found;
      reasons.push(`${place}: ${found}`);
    } catch (error) {
      const fault = faultOrThrow(error, signal);
      reasons.push(`${place}: ${fault.reason}`);
      if (fault.decision !== 'block' && fault.code !== 'tag-missing') temporary ??= fault;
    }
    return undefined;
  }
}

function missingIn({ missing }: CheckedContents): string | undefined {
  const [first] = missing;
  if (first === undefined) return undefined;
  const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  return `it lacks the ${first.kind} ${first.digest}${more} (${first.reason})`;
}
