import type { CopyOptions, CopyRequest, CopySurvey } from '@image-ferry/registry';
import type { Digest } from '@image-ferry/registry/digest';
import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { PlanStore } from '../database/plan-store.js';
import type { TargetNameStore } from '../database/target-name-store.js';
import { FerryError } from '../domain/ferry-error.js';
import { inParallel } from '../domain/in-parallel.js';
import { addToTotals, emptyTotals } from '../domain/plan-types.js';
import type { PendingPlan, PlannedImage, PlannedTarget, PlanSink, PlanSummary } from '../domain/plan-types.js';
import type { Target } from '../domain/target.js';
import { chosenTargets } from '../domain/wanted-targets.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { copyTargets } from './copy-wire.js';
import { foreseeDestination } from './destinations.js';
import type { ForeseenDestination } from './destinations.js';
import type { CopyEngine } from './engine-ports.js';
import {
  bareImage,
  bareTarget,
  faultOf,
  nothingOn,
  plannedTargets,
  stateOf,
  toAdopt,
  unseenTarget,
} from './planned-image.js';
import { PlannedPulls, PullNotSpent } from './planned-pulls.js';

/** Images looked at once. */
const imagesAtOnce = 4;

export interface SyncPlanPorts {
  readonly plan: Pick<PlanStore, 'pendingImages' | 'refusedRows' | 'unverified'>;
  readonly names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf'>;
  readonly engine: Pick<CopyEngine, 'resolve' | 'head'> & {
    survey(request: CopyRequest, options?: Pick<CopyOptions, 'signal'>): Promise<CopySurvey>;
  };
  readonly targets: readonly Target[];
  readonly pulls: PlannedPulls;
}

/**
 * Plans what a sync would do, by everything that it would look at. It copies nothing and changes no row. Each finding
 * goes to the sink at once: of an image that was reported, only the names that it would claim stay in memory.
 */
export async function planSync(ports: SyncPlanPorts, sink: PlanSink, signal: AbortSignal): Promise<PlanSummary> {
  const surveyor = new ImageSurveyor(ports, signal);
  let totals = emptyTotals;
  for await (const images of ports.plan.pendingImages(ports.targets)) {
    await eachInOrder(
      images,
      async (image) => (image.toAdopt ? toAdopt(image) : await surveyor.survey(image)),
      (planned) => {
        totals = addToTotals(totals, planned);
        sink.image(planned);
      },
    );
  }
  for await (const rows of ports.plan.refusedRows()) for (const row of rows) sink.refusedRow(row);
  totals = { ...totals, unverified: await ports.plan.unverified() };
  return { allowances: ports.pulls.allowances, totals };
}

/** Some at once, told in their order as soon as all before them are. */
async function eachInOrder<T, R>(
  entries: readonly T[],
  work: (entry: T) => Promise<R>,
  tell: (result: R) => void,
): Promise<void> {
  const results = new Map<number, R>();
  let told = 0;
  await inParallel(entries.entries(), imagesAtOnce, async ([position, entry]) => {
    results.set(position, await work(entry));
    for (let ready = results.get(told); ready !== undefined; ready = results.get(told)) {
      results.delete(told);
      told += 1;
      tell(ready);
    }
  });
}

class ImageSurveyor {
  readonly #ports: SyncPlanPorts;
  readonly #signal: AbortSignal;
  /** Names that earlier images of the plan would claim, by repository. */
  readonly #foreseen = new Map<string, string>();

  constructor(ports: SyncPlanPorts, signal: AbortSignal) {
    this.#ports = ports;
    this.#signal = signal;
  }

  async survey(pending: PendingPlan): Promise<PlannedImage> {
    const bare = { ...bareImage(pending), state: 'stopped' } as const;
    try {
      const { result, pulls } = await this.#ports.pulls.count(async () => await this.#look(pending));
      return { ...bare, ...result, pulls };
    } catch (error) {
      this.#signal.throwIfAborted();
      return { ...bare, fault: faultOf(error) };
    }
  }

  async #look({ image, platforms, targets: selection, force }: PendingPlan): Promise<Partial<PlannedImage>> {
    const source = parseImageReference(image);
    const chosen = chosenTargets(selection, this.#ports.targets);
    if (chosen.length === 0) throw noTarget(selection);

    const isDirect = chosen.some(({ engine }) => engine === undefined);
    // Before the names: a source that does not exist claims none. A source only for daemons is not resolved.
    const sourceDigest = isDirect ? await this.#ports.engine.resolve(source, { signal: this.#signal }) : undefined;
    const { found, refused } = await this.#destinations(source, chosen);
    const byDocker = found.filter(({ destination }) => destination.engine === 'docker').map(unseenTarget);
    const direct = found.filter(({ destination }) => destination.engine === undefined);
    const looked =
      sourceDigest === undefined || direct.length === 0
        ? { targets: [] }
        : await this.#lookDirectly({ source, sourceDigest, platforms, force }, direct);
    const targets = [...looked.targets, ...byDocker, ...refused];
    return { ...looked, sourceDigest, state: stateOf(targets), targets };
  }

  async #lookDirectly(
    request: Pick<CopyRequest, 'source' | 'platforms' | 'force'> & { readonly sourceDigest: Digest },
    found: readonly ForeseenDestination[],
  ) {
    const { engine, targets } = this.#ports;
    const destinations = found.map(({ destination }) => destination);
    try {
      const survey = await engine.survey(
        { ...request, targets: copyTargets(destinations, targets) },
        { signal: this.#signal },
      );
      const { missingPlatforms } = survey.plan;
      return { missingPlatforms, bytesToRead: survey.bytesToRead, targets: plannedTargets(survey, found) };
    } catch (error) {
      if (!(error instanceof PullNotSpent)) throw error;
      return { targets: await Promise.all(found.map(async (one) => await this.#lookAtTag(one, request))) };
    }
  }

  /** What is known without the source's manifests: whether the target's tag points to this very digest. */
  async #lookAtTag(
    { destination, takenName }: ForeseenDestination,
    { sourceDigest, force }: Pick<CopyRequest, 'sourceDigest' | 'force'>,
  ): Promise<PlannedTarget> {
    const named = { ...bareTarget(destination), takenName };
    try {
      const head = await this.#ports.engine.head(destination, { signal: this.#signal });
      return { ...named, state: force !== true && head?.digest === sourceDigest ? 'there' : 'unknown' };
    } catch (error) {
      this.#signal.throwIfAborted();
      return { ...named, state: 'refused', fault: faultOf(error) };
    }
  }

  async #destinations(source: ImageReference, targets: readonly Target[]) {
    const { names: claimed } = this.#ports;
    const names: SyncPlanPorts['names'] = {
      ownedBy: async (...repository) => await claimed.ownedBy(...repository),
      ownerOf: async (repository) => (await claimed.ownerOf(repository)) ?? this.#foreseen.get(repository),
    };
    const found: ForeseenDestination[] = [];
    const refused: PlannedTarget[] = [];
    for (const target of targets) {
      try {
        const foreseen = await foreseeDestination(names, source, target);
        const { host, repository } = foreseen.destination;
        this.#foreseen.set(`${host}/${repository}`, sourceRepository(source));
        found.push(foreseen);
      } catch (error) {
        refused.push({ ...nothingOn(target.name), state: 'refused', fault: faultOf(error) });
      }
    }
    return { found, refused };
  }
}

function noTarget(selection: TargetSelection): FerryError {
  const asked = selection === 'all' ? 'all targets' : selection.join(', ');
  return new FerryError(`it is to go to ${asked} only, and no such target is configured`, {
    code: 'configuration',
    decision: 'block',
  });
}
