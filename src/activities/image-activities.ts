import type { Destination, Fault, ImageActivities, ImagePlan } from '../contract/activity-types.js';
import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import type { ImageReference } from '../domain/image-reference.js';
import { parseImageReference } from '../domain/image-reference.js';
import { printPlatform } from '../domain/platform.js';
import type { Target } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { chosenTargets, wantedTargets } from '../domain/wanted-targets.js';
import { activity } from './activity.js';
import { copyTargets, openTarget, pushedOutcome, untriedTarget } from './copy-wire.js';
import { claimDestinations, ownDestinations } from './destinations.js';
import type { CopyEngine } from './engine-ports.js';
import type { PushedImages, TargetNames, WantedImages } from './ports.js';
import { TargetHealth } from './target-health.js';
import { toFault } from './to-failure.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface ImagePorts {
  readonly wanted: WantedImages;
  readonly names: TargetNames;
  readonly pushed: PushedImages;
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan' | 'head'>;
  readonly targets: readonly Target[];
  readonly missingTagWaitMs: number;
}

export function createImageActivities(ports: ImagePorts): ImageActivities {
  const { wanted, names, pushed, engine, targets, missingTagWaitMs } = ports;
  const health = new TargetHealth();

  return {
    planImage: activity(
      async ({ image, lastRound = false }) =>
        await withHeartbeat(undefined, ({ signal }) => planImage(image, { signal, lastRound })),
    ),
    recordImage: activity(async ({ outcome, run, lookedAt }) => {
      await pushed.recordOutcome(outcome, { targets, run, lookedAt });
    }),
  };

  async function planImage(
    image: string,
    { signal, lastRound }: { readonly signal: AbortSignal; readonly lastRound: boolean },
  ): Promise<ImagePlan> {
    const { rows, readAt } = await wanted.wantedRows(image);
    const pending = rows.filter(({ status }) => status === PushStatus.pending);
    if (pending.length === 0) return { kind: 'nothing' };

    const looked = {
      rows: rows.filter(({ status }) => status !== PushStatus.withdrawn).map(({ id }) => id),
      lookedAt: readAt,
    };
    const selection = wantedSelection(rows);
    try {
      const source = parseImageReference(image);
      const [asked, left] = health.divide(targetsFor(wantedTargets(rows)));
      // Where nobody can take the image, asking the source for it would only spend its allowance.
      if (asked.length === 0) return { kind: 'left', ...looked, left };
      const { destinations, sourceDigest } = await destinationsOf(source, asked, signal);
      const plan = await engine.plan(
        {
          source,
          platforms: selection,
          targets: copyTargets(destinations, targets),
          ...(sourceDigest === undefined ? {} : { sourceDigest }),
        },
        { signal },
      );
      const failed = plan.failures.map((failure) => openTarget(failure, destinations));
      if (lastRound) health.noteAll(asked, failed);
      return {
        kind: 'planned',
        ...looked,
        sourceDigest: plan.sourceDigest,
        platforms: selection === 'all' ? 'all' : selection.map(printPlatform),
        missingPlatforms: plan.missingPlatforms,
        done: plan.targets.filter(({ alreadyThere }) => alreadyThere).map(pushedOutcome),
        open: [
          ...plan.targets
            .filter(({ alreadyThere }) => !alreadyThere)
            .map(({ target }) => untriedTarget(target, destinations)),
          ...failed,
        ],
        left,
      };
    } catch (error) {
      signal.throwIfAborted();
      const fault = toFault(error);
      // What the database does not give says nothing about the source.
      if (fault === undefined || fault.code === 'database') throw error;
      const tagMissing = fault.code === 'tag-missing';
      const since = Math.min(...pending.map(({ firstMissingAt }) => firstMissingAt ?? readAt));
      return { kind: 'stopped', ...looked, tagMissing, fault: tagMissing ? missingTag(fault, readAt - since) : fault };
    }
  }

  /** A tag may be announced hours before its image is pushed: it waits, and is parked only when that takes too long. */
  function missingTag(fault: Fault, missingForMs: number): Fault {
    return missingForMs < missingTagWaitMs ? { ...fault, decision: 'wait' } : { ...fault, decision: 'park' };
  }

  function targetsFor(selection: TargetSelection): readonly Target[] {
    const chosen = chosenTargets(selection, targets);
    if (chosen.length > 0) return chosen;
    const asked = selection === 'all' ? 'all targets' : selection.join(', ');
    const known = targets.map(({ name }) => name).join(', ');
    throw new FerryError(
      `it is to go to ${asked} only, and no such target is configured: configured are ${known}; configure it and run "ferry retry --parked", or "ferry add" the image for all targets`,
      { code: 'configuration', decision: 'park' },
    );
  }

  /** An image with names of its own is planned at once; for a new one the source is asked before it claims any. */
  async function destinationsOf(
    source: ImageReference,
    chosen: readonly Target[],
    signal: AbortSignal,
  ): Promise<{ readonly destinations: readonly Destination[]; readonly sourceDigest?: Digest }> {
    const own = await ownDestinations(names, source, chosen);
    if (own !== undefined) return { destinations: own };
    const sourceDigest = await engine.resolve(source, { signal });
    return { destinations: await claimDestinations(names, source, chosen), sourceDigest };
  }
}
