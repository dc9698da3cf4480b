import type { CopyPlan, CopyTarget } from '@image-ferry/registry';
import type { Digest } from '@image-ferry/registry/digest';
import { printPlatform } from '@image-ferry/registry/platform';
import type { Platform, PlatformSelection } from '@image-ferry/registry/platform';
import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, ImagePlan, LeftTarget } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import type { PlanReads } from '../database/plan-reads-store.js';
import type { RollbackStore } from '../database/rollback-store.js';
import type { KnownCopy } from '../domain/copy-recipe.js';
import { FerryError } from '../domain/ferry-error.js';
import { backupTagFor } from '../domain/mutable-tags.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { areOnlyByDocker } from '../domain/target.js';
import type { Target } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { Holdings, TargetOutcome, WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import { chosenTargets, wantedTargets } from '../domain/wanted-targets.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { bytesOf, copyRecipes, copyTargets, openTarget, printSelection, pushedOutcome, untried } from './copy-wire.js';
import { claimDestinations, foreseeDestination, ownDestinations } from './destinations.js';
import type { CopyEngine } from './engine-ports.js';
import { findHeld, findUnknownHeld, recordedOn } from './held-targets.js';
import type { HeldTarget } from './held-targets.js';
import { heldByOthers, isForced, planMarked } from './marked-copies.js';
import { planMissing } from './missing-targets.js';
import { planAdoption } from './plan-adoption.js';
import type { AdoptionOptions } from './plan-adoption.js';
import { takenTargets } from './shared-tag.js';
import { TargetHealth } from './target-health.js';
import { unservedTargets } from './unserved-targets.js';
import type { DaemonWorkers } from './unserved-targets.js';

export interface PlanPorts extends PlanReads {
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan' | 'look' | 'isSame' | 'contents' | 'sourceContents'>;
  readonly rollbacks: Pick<RollbackStore, 'sourceDigests'>;
  readonly daemonWorkers: DaemonWorkers;
  readonly targets: readonly Target[];
  readonly missingTagWaitMs: number;
  readonly mutableTags: Partial<Pick<MutableTags, 'patterns' | 'backupTag'>>;
}

interface ImageRows {
  readonly rows: readonly WantedImage[];
  readonly pending: readonly WantedImage[];
  /** What becomes of a tag that is not there. */
  readonly missingTag: 'wait' | 'block';
  /** When they were read, UTC ms. */
  readonly readAt: number;
}

/** What an image's rows and targets say, before anything is decided about its source. */
interface LookedAt extends ImageRows {
  readonly image: string;
  readonly source: ImageReference;
  readonly selection: PlatformSelection;
  /** Targets that can be brought something. */
  readonly asked: readonly Target[];
  readonly left: readonly LeftTarget[];
}

type PlanOf<Kind extends ImagePlan['kind']> = Omit<Extract<ImagePlan, { kind: Kind }>, 'rows' | 'readAt'>;
type Decided = PlanOf<'adopted'> | PlanOf<'left'> | PlanOf<'planned'>;

const nothingHeld: Holdings = { byTarget: new Map(), pushedByFerry: [] };

/** What is to be done about an image now, decided from its rows, its source and its targets. */
export class ImagePlanner {
  readonly #ports: PlanPorts;
  readonly #health: TargetHealth;

  constructor(ports: PlanPorts, health = new TargetHealth()) {
    this.#ports = ports;
    this.#health = health;
  }

  /** The same planner for images whose rows were read together. */
  withReads(reads: PlanReads): ImagePlanner {
    return new ImagePlanner({ ...this.#ports, ...reads }, this.#health);
  }

  /** @throws FerryError of the database: it says nothing about the image */
  async plan(image: string, options: AdoptionOptions): Promise<ImagePlan> {
    const { rows, readAt } = await this.#ports.wanted.wantedRows(image);
    const pending = rows.filter(({ status }) => status === PushStatus.pending);
    if (pending.length === 0) return { kind: 'nothing' };

    const looked = {
      rows: rows.filter(({ status }) => status !== PushStatus.withdrawn).map(({ id }) => id),
      readAt: readAt,
    };
    const missingTag = this.#missingTag(pending, readAt);
    try {
      const decided = await this.#decide(image, { rows, pending, missingTag, readAt: readAt }, options);
      return { ...looked, ...decided };
    } catch (error) {
      const fault = faultOrThrow(error, options.signal);
      if (fault.code !== 'tag-missing') return { kind: 'stopped', ...looked, tagMissing: false, fault };
      return { kind: 'stopped', ...looked, tagMissing: true, fault: { ...fault, decision: missingTag } };
    }
  }

  async #decide(
    image: string,
    { rows, pending, missingTag, readAt }: ImageRows,
    options: AdoptionOptions,
  ): Promise<Decided> {
    const { wanted, names, pushed } = this.#ports;
    const { signal, lastAttempt } = options;
    const source = parseImageReference(image);
    const selection = wantedSelection(rows);
    const all = this.#targetsFor(wantedTargets(rows));
    const holdings = await pushed.holdings(image, all);
    const marked = await planMarked(
      { image, source, selection, rows, all, holdings },
      {
        ...this.#ports,
        sourceDigestsOf: async (...copy) => await this.#ports.rollbacks.sourceDigests(...copy),
        divide: async (targets) => await this.#divide(targets, lastAttempt),
        backedUp: (destinations) => this.#keepingReplaced(destinations, readAt),
      },
      signal,
    );
    if (marked !== undefined) return marked.kind === 'planned' ? { ...marked, missingTag } : marked;
    // A tag that a person holds is not touched: the other targets are planned as usual.
    const chosen = all.filter(({ name }) => holdings.marked?.get(name)?.heldDigest === undefined);
    const [awake, away] = await this.#divide(chosen, lastAttempt);
    const adopted = await planAdoption({ image, pending, away }, { ...this.#ports, health: this.#health }, options);
    if (adopted !== undefined) return adopted;
    // No target can take the image, so a request to the source would only use up its rate limit.
    if (awake.length === 0) return { kind: 'left', left: away } as const;

    const sharing = await wanted.imagesSharingTag(image);
    const isUnseen = areOnlyByDocker(chosen);
    const taken = await takenTargets({ image, selection, targets: awake, isUnseen, sharing }, this.#ports, signal);
    const held = await heldByOthers({ image, sharing, targets: awake }, pushed);
    const left = [...away, ...taken, ...held.filter(({ target }) => !taken.some((one) => one.target === target))];
    const asked = awake.filter(({ name }) => !left.some(({ target }) => target === name));
    if (asked.length === 0) return { kind: 'left', left } as const;

    if (asked.every(({ engine: by }) => by === 'docker')) {
      // Only the daemon may reach the source there. The names are claimed after its pull (`docker-activities.ts`).
      const foreseen = asked.map(async (target) => await foreseeDestination(names, source, target));
      const open = (await Promise.all(foreseen)).map(({ destination }) => ({ destination }));
      return {
        kind: 'planned',
        platforms: printSelection(selection),
        missingPlatforms: [],
        missingTag,
        done: [],
        open,
        left,
      } as const;
    }
    const isAnew = isForced(rows, holdings);
    const looked = { image, source, selection, pending, rows, asked, left, away, missingTag, readAt };
    const relied = isAnew ? nothingHeld : holdings;
    const found = await findHeld({ image, source, selection, targets: asked }, relied, this.#ports, signal);
    const absentees = chosen.filter(({ name }) => away.some(({ target }) => target === name));
    const known = [...found.held, ...found.recorded, ...recordedOn(absentees, relied)];
    if (known.length > 0)
      return await this.#aroundHeld(
        { ...looked, left: [...left, ...found.unasked] },
        { held: found.held, known, beside: found.beside, holdings: relied },
        signal,
      );
    return await this.#everywhere(looked, { holdings: relied, isAnew, beside: found.beside, sharing }, options);
  }

  /** Some targets have the image: they keep it, and the others get what those have. */
  async #aroundHeld(
    looked: LookedAt,
    {
      held,
      known,
      beside,
      holdings,
    }: {
      readonly held: readonly HeldTarget[];
      readonly known: readonly HeldTarget[];
      readonly beside: readonly Platform[];
      readonly holdings: Holdings;
    },
    signal: AbortSignal,
  ): Promise<Decided> {
    const { image, source, selection, asked, left, missingTag, readAt } = looked;
    const open = asked.filter(({ name }) => !known.some(({ target }) => target === name));
    await this.#recordHeld(looked, held, open.length + left.length === 0);
    const kept = held.map(keptOutcome);
    if (open.length === 0) return left.length === 0 ? { kind: 'adopted', targets: kept } : { kind: 'left', left };
    const destinations = await claimDestinations(this.#ports.names, source, open);
    const direct = this.#keepingReplaced(
      destinations.filter(({ engine: by }) => by === undefined),
      readAt,
    );
    const byDocker = destinations.filter(({ engine: by }) => by === 'docker').map((destination) => ({ destination }));
    if (direct.length === 0) {
      // A daemon pulls by the tag: it brings what the source has now.
      const nothing = { missingPlatforms: [], done: [] };
      return {
        kind: 'planned',
        ...nothing,
        platforms: printSelection(selection),
        missingTag,
        open: byDocker,
        left,
        kept,
      };
    }
    const missing = await planMissing(
      { image, source, selection: withPlatforms(selection, beside), held: known, destinations: direct },
      this.#ports,
      signal,
    );
    if ('fault' in missing) {
      const { fault } = missing;
      return { kind: 'left', left: [...left, ...open.map(({ name }) => ({ target: name, fault }))] };
    }
    const { plan, platforms, from } = missing;
    const lost = beside.filter(
      (platform) => from !== undefined || plan.missingPlatforms.includes(printPlatform(platform)),
    );
    if (lost.length > 0)
      return { kind: 'left', left: [...left, ...open.map(({ name }) => wouldLose(name, image, lost))] };
    // Another target may have the image although no row records it.
    const unknown = await findUnknownHeld(
      { image, source: from === undefined ? source : parseImageReference(from), selection },
      {
        sourceDigest: plan.sourceDigest,
        replaced: direct.filter((destination) => isUnknownReplaced(destination, plan, holdings)),
      },
      this.#ports,
      signal,
    );
    if (unknown.held.length > 0) {
      const all = { held: [...held, ...unknown.held], known: [...known, ...unknown.held], beside, holdings };
      return await this.#aroundHeld(looked, all, signal);
    }
    const more = unknown.beside.filter((platform) => !includes(withPlatforms(selection, beside), platform));
    if (more.length > 0)
      return await this.#aroundHeld(looked, { held, known, beside: [...beside, ...more], holdings }, signal);
    const retrying = plan.failures.map((failure) => openTarget(failure, direct));
    return {
      kind: 'planned',
      ...planned(plan, new Map()),
      platforms: printSelection(platforms),
      missingTag,
      open: [...untried(plan, direct), ...retrying, ...byDocker],
      left,
      kept,
      from,
    };
  }

  async #recordHeld(
    { image, pending, rows }: Pick<LookedAt, 'image' | 'pending' | 'rows'>,
    held: readonly HeldTarget[],
    isThere: boolean,
  ): Promise<void> {
    const selection = wantedTargets(rows);
    const copies = held
      .filter(({ digest }) => digest !== '')
      .map(({ target, reference, digest, pushedId, note }) => ({
        target,
        reference,
        digest,
        pushedId,
        note,
      }));
    await this.#ports.pushed.recordTakenOver(
      pending.map(({ id, platform }) => ({
        rowId: id,
        image,
        platform,
        selection,
        was: PushStatus.pending,
        isThere,
        copies,
      })),
    );
  }

  /** No target is known to have it. */
  async #everywhere(
    looked: LookedAt,
    {
      holdings,
      isAnew,
      beside,
      sharing,
    }: {
      readonly holdings: Holdings;
      readonly isAnew: boolean;
      readonly beside: readonly Platform[];
      readonly sharing: readonly string[];
    },
    options: AdoptionOptions,
  ): Promise<Decided> {
    const { wanted, pushed, engine, targets } = this.#ports;
    const { signal, lastAttempt } = options;
    const { image, source, asked, left, missingTag, readAt } = looked;
    const selection = withPlatforms(looked.selection, beside);
    const { destinations, sourceDigest } = await this.#destinations(source, asked, signal);
    const direct = this.#keepingReplaced(
      destinations.filter(({ engine: by }) => by === undefined),
      readAt,
    );
    const byDocker = destinations.filter(({ engine: by }) => by === 'docker').map((destination) => ({ destination }));
    const force = isAnew ? ({ force: true } as const) : {};
    const recipes = copyRecipes(printSelection(selection), targets);
    const known = await pushed.knownCopies(image);
    const request = {
      source,
      platforms: selection,
      targets: copyTargets(direct, targets).map((target) => withKnown(target, known, recipes)),
      sourceDigest,
      ...force,
    };
    const plan = await engine.plan(request, { signal });
    const lost = beside.filter((platform) => plan.missingPlatforms.includes(printPlatform(platform)));
    if (lost.length > 0)
      return { kind: 'left', left: [...left, ...asked.map(({ name }) => wouldLose(name, image, lost))] };
    const replaced = isAnew ? [] : direct.filter((destination) => isUnknownReplaced(destination, plan, holdings));
    const unknown = await findUnknownHeld(
      { image, source, selection },
      { sourceDigest: plan.sourceDigest, replaced },
      this.#ports,
      signal,
    );
    if (unknown.held.some(({ isSame }) => !isSame) && unknown.held.length < asked.length) {
      return await this.#aroundHeld(looked, { held: unknown.held, known: unknown.held, beside, holdings }, signal);
    }
    const more = unknown.beside.filter((platform) => !includes(selection, platform));
    if (more.length > 0) {
      const wider = { holdings, isAnew, beside: [...beside, ...more], sharing };
      return await this.#everywhere(looked, wider, options);
    }
    const keeps = (name: string): boolean => unknown.held.some(({ target }) => target === name);
    if (unknown.held.length > 0) {
      const isThere = left.length === 0 && asked.every(({ name }) => keeps(name));
      await this.#recordHeld(looked, unknown.held, isThere);
      if (isThere) return { kind: 'adopted', targets: unknown.held.map(keptOutcome) };
    }
    const retrying = plan.failures.map((failure) => openTarget(failure, direct));
    if (lastAttempt) this.#health.noteAll(asked, plan.failures);
    // They were pushed because they pointed to the same digest, and may no longer do so.
    const later = sharing.slice(sharing.indexOf(image) + 1);
    await wanted.reviewPushed(later.filter((other) => !other.endsWith(`@${plan.sourceDigest}`)));
    return {
      kind: 'planned',
      ...planned(plan, recipes),
      ...force,
      platforms: printSelection(selection),
      missingTag,
      open: [
        ...untried(plan, direct).filter(({ destination }) => !keeps(destination.target)),
        ...retrying,
        ...byDocker,
      ],
      left,
      ...(unknown.held.length === 0 ? {} : { kept: unknown.held.map(keptOutcome) }),
    };
  }

  /** Targets that can be brought something now, and the others with the reason. */
  async #divide(chosen: readonly Target[], lastAttempt: boolean) {
    const [rested, resting] = this.#health.divide(chosen);
    const unserved = await unservedTargets(rested, this.#ports.daemonWorkers);
    if (lastAttempt) for (const { target, fault } of unserved) this.#health.note(target, fault, fault.reason);
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
    return destinations.map((each) => ({ ...each, backupTag: backupTagFor(template, each.tag, at) }));
  }

  #targetsFor(selection: TargetSelection): readonly Target[] {
    const { targets } = this.#ports;
    const chosen = chosenTargets(selection, targets);
    if (chosen.length > 0) return chosen;
    const asked = selection === 'all' ? 'all targets' : selection.join(', ');
    const known = targets.map(({ name }) => name).join(', ');
    throw new FerryError(
      `it is to go to ${asked} only, and no such target is configured: configured are ${known}; configure it and run "ferry retry --blocked", or "ferry add" the image for all targets`,
      { code: 'configuration', decision: 'block' },
    );
  }

  /** A tag may be announced hours before its image is pushed: it waits, and is blocked only when that takes too long. */
  #missingTag(pending: readonly WantedImage[], readAt: number): 'wait' | 'block' {
    const since = Math.min(...pending.map(({ firstMissingAt }) => firstMissingAt ?? readAt));
    return readAt - since < this.#ports.missingTagWaitMs ? 'wait' : 'block';
  }
}

function planned(plan: CopyPlan, recipes: ReadonlyMap<string, string>) {
  const done = plan.targets.filter(({ alreadyThere }) => alreadyThere);
  return {
    sourceDigest: plan.sourceDigest,
    imageBytes: bytesOf(plan),
    missingPlatforms: plan.missingPlatforms,
    done: done.map((target) => pushedOutcome(target, recipes.get(target.target))),
  };
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

function keptOutcome({ target, reference, digest, note }: HeldTarget): Extract<TargetOutcome, { state: 'adopted' }> {
  return { target, state: 'adopted', reference, digest, note };
}

/** The tag points to something that no row records. */
function isUnknownReplaced({ target }: Destination, plan: CopyPlan, { byTarget, pushedByFerry }: Holdings): boolean {
  const planned = plan.targets.find((one) => one.target === target);
  return planned?.replaces !== undefined && !byTarget.has(target) && !pushedByFerry.includes(target);
}

function withPlatforms(selection: PlatformSelection, beside: readonly Platform[]): PlatformSelection {
  if (selection === 'all') return selection;
  const all = [...selection, ...beside].map((platform) => [printPlatform(platform), platform] as const);
  return [...new Map(all).values()];
}

function includes(selection: PlatformSelection, platform: Platform): boolean {
  return selection === 'all' || selection.some((one) => printPlatform(one) === printPlatform(platform));
}

/** The tag holds platforms that no row requests and that the source no longer offers. */
function wouldLose(target: string, image: string, lost: readonly Platform[]): LeftTarget {
  const names = lost.map(printPlatform).join(', ');
  return {
    target,
    fault: {
      code: 'target-tag-taken',
      decision: 'block',
      reason: `its tag holds ${names}, which the source does not offer any more and a copy would take away: "ferry retry ${image}" replaces it`,
    },
  };
}
