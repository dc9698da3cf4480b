import type { Destination, ImagePlan } from '../contract/activity-types.js';
import type { KnownCopy } from '../domain/copy-recipe.js';
import type { Digest } from '../domain/digest.js';
import { FerryError } from '../domain/ferry-error.js';
import type { ImageReference } from '../domain/image-reference.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { backupTagFor } from '../domain/mutable-tags.js';
import type { PlatformSelection } from '../domain/platform.js';
import { printPlatform } from '../domain/platform.js';
import type { Target } from '../domain/target.js';
import { areOnlyByDocker } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { chosenTargets, wantedTargets } from '../domain/wanted-targets.js';
import type { CopyPlan, CopyTarget } from '../registry/copy-types.js';
import { copyRecipes, copyTargets, openTarget, pushedOutcome, untriedTarget } from './copy-wire.js';
import { claimDestinations, foreseeDestination, ownDestinations } from './destinations.js';
import type { CopyEngine } from './engine-ports.js';
import type { DaemonWorkers, PushedImages, TargetNames, WantedImages } from './ports.js';
import type { PlanOptions } from './plan-adoption.js';
import { planAdoption } from './plan-adoption.js';
import { takenTargets } from './shared-tag.js';
import { TargetHealth } from './target-health.js';
import { toFault } from './to-failure.js';
import { unservedTargets } from './unserved-targets.js';

export interface PlanPorts {
  readonly wanted: WantedImages;
  readonly names: TargetNames;
  readonly pushed: PushedImages;
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan' | 'look' | 'isSame'>;
  readonly daemonWorkers: DaemonWorkers;
  readonly targets: readonly Target[];
  readonly missingTagWaitMs: number;
  readonly mutableTags: Pick<MutableTags, 'backupTag'>;
}

interface ImageRows {
  readonly rows: readonly WantedImage[];
  readonly pending: readonly WantedImage[];
  /** What becomes of a tag that is not there. */
  readonly missingTag: 'wait' | 'park';
  /** When they were read, UTC ms. */
  readonly lookedAt: number;
}

/** What is to be done about an image now, decided from its rows, its source and its targets. */
export class ImagePlanner {
  readonly #ports: PlanPorts;
  readonly #health = new TargetHealth();

  constructor(ports: PlanPorts) {
    this.#ports = ports;
  }

  /** @throws FerryError of the database: it says nothing about the image */
  async plan(image: string, options: PlanOptions): Promise<ImagePlan> {
    const { rows, readAt } = await this.#ports.wanted.wantedRows(image);
    const pending = rows.filter(({ status }) => status === PushStatus.pending);
    if (pending.length === 0) return { kind: 'nothing' };

    const looked = {
      rows: rows.filter(({ status }) => status !== PushStatus.withdrawn).map(({ id }) => id),
      lookedAt: readAt,
    };
    const missingTag = this.#missingTag(pending, readAt);
    try {
      const decided = await this.#decide(image, { rows, pending, missingTag, lookedAt: readAt }, options);
      return { ...looked, ...decided };
    } catch (error) {
      options.signal.throwIfAborted();
      const fault = toFault(error);
      if (fault === undefined || fault.code === 'database') throw error;
      if (fault.code !== 'tag-missing') return { kind: 'stopped', ...looked, tagMissing: false, fault };
      return { kind: 'stopped', ...looked, tagMissing: true, fault: { ...fault, decision: missingTag } };
    }
  }

  async #decide(image: string, { rows, pending, missingTag, lookedAt }: ImageRows, options: PlanOptions) {
    const { wanted, names, pushed, engine, targets } = this.#ports;
    const { signal, lastRound } = options;
    const source = parseImageReference(image);
    const selection = wantedSelection(rows);
    const chosen = this.#targetsFor(wantedTargets(rows));
    const [awake, away] = await this.#divide(chosen, lastRound);
    const adopted = await planAdoption({ image, pending, away }, { ...this.#ports, health: this.#health }, options);
    if (adopted !== undefined) return adopted;
    // Where nobody can take the image, asking the source for it would only spend its allowance.
    if (awake.length === 0) return { kind: 'left', left: away } as const;

    const sharing = await wanted.imagesSharingTag(image);
    const isUnseen = areOnlyByDocker(chosen);
    const taken = await takenTargets({ image, selection, targets: awake, isUnseen, sharing }, this.#ports, signal);
    const left = [...away, ...taken];
    const asked = awake.filter(({ name }) => !taken.some(({ target }) => target === name));
    if (asked.length === 0) return { kind: 'left', left } as const;

    if (asked.every(({ engine: by }) => by === 'docker')) {
      // Nobody but the daemon may reach the source there: once it has, the names are claimed (`docker-activities.ts`).
      const foreseen = asked.map(async (target) => await foreseeDestination(names, source, target));
      const open = (await Promise.all(foreseen)).map(({ destination }) => ({ destination }));
      return {
        kind: 'planned',
        platforms: printed(selection),
        missingPlatforms: [],
        missingTag,
        done: [],
        open,
        left,
      } as const;
    }
    const { destinations, sourceDigest } = await this.#destinations(source, asked, signal);
    const direct = this.#keepingReplaced(
      destinations.filter(({ engine: by }) => by === undefined),
      lookedAt,
    );
    const byDocker = destinations.filter(({ engine: by }) => by === 'docker').map((destination) => ({ destination }));
    const anew = rows.some(({ copyAnew }) => copyAnew === true) ? ({ anew: true } as const) : {};
    const resolved = sourceDigest === undefined ? {} : { sourceDigest };
    const recipes = copyRecipes(printed(selection), targets);
    const known = await pushed.knownCopies(image);
    const request = {
      source,
      platforms: selection,
      targets: copyTargets(direct, targets).map((target) => withKnown(target, known, recipes)),
      ...resolved,
      ...anew,
    };
    const plan = await engine.plan(request, { signal });
    const failed = plan.failures.map((failure) => openTarget(failure, direct));
    if (lastRound) this.#health.noteAll(asked, plan.failures);
    // They were pushed because they led to the same, and may not any more.
    const later = sharing.slice(sharing.indexOf(image) + 1);
    await wanted.reviewPushed(later.filter((other) => !other.endsWith(`@${plan.sourceDigest}`)));
    return {
      kind: 'planned',
      ...planned(plan, recipes),
      ...anew,
      platforms: printed(selection),
      missingTag,
      open: [...untried(plan, direct), ...failed, ...byDocker],
      left,
    } as const;
  }

  /** Targets that can be brought something now, and the others with the reason. */
  async #divide(chosen: readonly Target[], lastRound: boolean) {
    const [rested, resting] = this.#health.divide(chosen);
    const unserved = await unservedTargets(rested, this.#ports.daemonWorkers);
    if (lastRound) for (const { target, fault } of unserved) this.#health.note(target, fault, fault.reason);
    const awake = rested.filter(({ name }) => !unserved.some(({ target }) => target === name));
    return [awake, [...resting, ...unserved]] as const;
  }

  /** An image with names of its own is planned at once; for a new one the source is asked before it claims any. */
  async #destinations(
    source: ImageReference,
    asked: readonly Target[],
    signal: AbortSignal,
  ): Promise<{ readonly destinations: readonly Destination[]; readonly sourceDigest?: Digest }> {
    const { names, engine } = this.#ports;
    const own = await ownDestinations(names, source, asked);
    if (own !== undefined) return { destinations: own };
    const sourceDigest = await engine.resolve(source, { signal });
    return { destinations: await claimDestinations(names, source, asked), sourceDigest };
  }

  #keepingReplaced(destinations: readonly Destination[], at: number): readonly Destination[] {
    const { backupTag: template } = this.#ports.mutableTags;
    if (template === undefined) return destinations;
    return destinations.map((place) => ({ ...place, backupTag: backupTagFor(template, place.tag, at) }));
  }

  #targetsFor(selection: TargetSelection): readonly Target[] {
    const { targets } = this.#ports;
    const chosen = chosenTargets(selection, targets);
    if (chosen.length > 0) return chosen;
    const asked = selection === 'all' ? 'all targets' : selection.join(', ');
    const known = targets.map(({ name }) => name).join(', ');
    throw new FerryError(
      `it is to go to ${asked} only, and no such target is configured: configured are ${known}; configure it and run "ferry retry --parked", or "ferry add" the image for all targets`,
      { code: 'configuration', decision: 'park' },
    );
  }

  /** A tag may be announced hours before its image is pushed: it waits, and is parked only when that takes too long. */
  #missingTag(pending: readonly WantedImage[], readAt: number): 'wait' | 'park' {
    const since = Math.min(...pending.map(({ firstMissingAt }) => firstMissingAt ?? readAt));
    return readAt - since < this.#ports.missingTagWaitMs ? 'wait' : 'park';
  }
}

function planned(plan: CopyPlan, recipes: ReadonlyMap<string, string>) {
  const done = plan.targets.filter(({ alreadyThere }) => alreadyThere);
  return {
    sourceDigest: plan.sourceDigest,
    missingPlatforms: plan.missingPlatforms,
    done: done.map((target) => pushedOutcome(target, recipes.get(target.target))),
  };
}

function printed(selection: PlatformSelection): 'all' | readonly string[] {
  return selection === 'all' ? selection : selection.map(printPlatform);
}

/** A copy by another recipe says nothing about this one. */
function withKnown(
  target: CopyTarget,
  copies: ReadonlyMap<string, KnownCopy>,
  recipes: ReadonlyMap<string, string>,
): CopyTarget {
  const known = copies.get(target.name);
  return known === undefined || known.recipe !== recipes.get(target.name) ? target : { ...target, known };
}

function untried(plan: CopyPlan, destinations: readonly Destination[]) {
  const lacking = plan.targets.filter(({ alreadyThere }) => !alreadyThere);
  return lacking.map(({ target }) => untriedTarget(target, destinations));
}
