/** Copies that an audit or a rollback has marked: they are planned before, and apart from, the usual copies of an image. */
import type { PlatformSelection } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Destination, ImagePlan, LeftTarget } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { Target } from '../domain/target.js';
import type { Holdings, MarkedCopy, TargetOutcome, WantedImage } from '../domain/wanted-image.js';
import { planHeal } from './audit/plan-heal.js';
import type { BrokenCopy } from './audit/plan-heal.js';
import { bytesOf, openTarget, printSelection, untried } from './copy-wire.js';
import type { CopyEngine } from './engine-ports.js';
import { planRollback } from './rollback/plan-rollback.js';
import { readableAt, tagRefOf } from './tag-ref.js';

type PlanOf<Kind extends ImagePlan['kind']> = Omit<
  Extract<ImagePlan, { kind: Kind }>,
  'rows' | 'readAt' | 'missingTag'
>;

interface MarkedImage {
  readonly image: string;
  readonly source: ImageReference;
  readonly selection: PlatformSelection;
  readonly rows: readonly WantedImage[];
  /** Every target of the image. */
  readonly all: readonly Target[];
  readonly holdings: Holdings;
}

export interface MarkedPorts {
  readonly engine: Pick<CopyEngine, 'resolve' | 'plan' | 'contents' | 'sourceContents'>;
  readonly targets: readonly Target[];
  readonly sourceDigestsOf: (image: string, digest: string) => Promise<readonly string[]>;
  /** Targets that can be brought something now, and the others with the reason. */
  readonly divide: (targets: readonly Target[]) => Promise<readonly [readonly Target[], readonly LeftTarget[]]>;
  /** Adds the backup tags of the configuration. */
  readonly backedUp: (destinations: readonly Destination[]) => readonly Destination[];
}

/** Whether a person wants a copy whatever the targets have. */
export function isForced(rows: readonly WantedImage[], { marked }: Holdings): boolean {
  const isBroken = [...(marked?.values() ?? [])].some(({ drift }) => drift !== undefined);
  return isBroken || rows.some(({ forceCopy }) => forceCopy === true);
}

/**
 * Plans a rollback, or else what an audit found; and says that there is nothing to do where every target is held.
 *
 * @returns undefined if nothing is marked, or if the usual copies bring it in order
 */
export async function planMarked(
  marked: MarkedImage,
  ports: MarkedPorts,
  signal: AbortSignal,
): Promise<PlanOf<'planned'> | PlanOf<'left'> | undefined> {
  const { all, holdings, rows, selection } = marked;
  const marks = holdings.marked;
  if (marks === undefined) return undefined;
  const rollback = all.find(({ name }) => marks.get(name)?.rollbackTo !== undefined);
  if (rollback !== undefined) return await rolledBack(marked, rollback, ports, signal);
  const free = all.filter(({ name }) => marks.get(name)?.heldDigest === undefined);
  if (free.length === 0)
    return {
      kind: 'planned',
      ...nothingElse,
      platforms: printSelection(selection),
      open: [],
      left: [],
      kept: keptOf(marked),
    };
  // What a person has requested since is brought by the usual plan, which is forced as long as something is broken.
  const isAsked = rows.some(({ forceCopy }) => forceCopy === true) || isRequested(holdings);
  const broken = free.filter(({ name, engine }) => engine === undefined && marks.get(name)?.drift !== undefined);
  return broken.length === 0 || isAsked ? undefined : await healed(marked, broken, ports, signal);
}

/** Targets whose tag another image shares and a person holds for that one. */
export async function heldByOthers(
  {
    image,
    sharing,
    targets,
  }: { readonly image: string; readonly sharing: readonly string[]; readonly targets: readonly Target[] },
  pushed: Pick<PushedImageStore, 'holdings'>,
): Promise<readonly LeftTarget[]> {
  const held = new Map<string, LeftTarget>();
  for (const other of sharing) {
    if (other === image) continue;
    const { marked } = await pushed.holdings(other, targets);
    for (const { name: target } of targets) {
      const digest = marked?.get(target)?.heldDigest ?? marked?.get(target)?.rollbackTo;
      if (digest === undefined) continue;
      const reason = `its tag is held at ${digest} by a rollback of ${other}: "ferry release ${other}" ends that`;
      held.set(target, { target, fault: { code: 'target-tag-taken', decision: 'block', reason } });
    }
  }
  return [...held.values()];
}

const nothingElse = { missingPlatforms: [], done: [] } as const;

async function rolledBack(
  { image, selection, all, holdings }: MarkedImage,
  target: Target,
  ports: MarkedPorts,
  signal: AbortSignal,
): Promise<PlanOf<'planned'> | PlanOf<'left'>> {
  const mark = holdings.marked?.get(target.name);
  const to = mark?.rollbackTo;
  if (mark === undefined || to === undefined) throw new TypeError(`no rollback of ${image} was requested`);
  const [awake, left] = await ports.divide([target]);
  if (awake.length === 0) return { kind: 'left', left };
  const [destination] = ports.backedUp([tagRefOf(target.name, mark.reference)]);
  if (destination === undefined) throw new TypeError(`${mark.reference} has no destination`);
  const found = await planRollback(
    {
      image,
      destination,
      to,
      selection,
      provesSource: false,
      sourceDigests: await ports.sourceDigestsOf(image, to),
      others: otherPlaces(all, target.name, holdings),
    },
    ports,
    signal,
  );
  if ('fault' in found) return { kind: 'left', left: [{ target: target.name, fault: found.fault }] };
  const { plan, platforms, from, force } = found;
  return {
    kind: 'planned',
    ...nothingElse,
    sourceDigest: plan.sourceDigest,
    imageBytes: bytesOf(plan),
    platforms: printSelection(platforms),
    ...(force ? { force } : {}),
    // The tag is put even if it points there: the outcome of the copy is what ends the rollback.
    open: [{ destination }],
    left: [],
    from,
  };
}

async function healed(
  { image, source, selection, all, holdings }: MarkedImage,
  broken: readonly Target[],
  ports: MarkedPorts,
  signal: AbortSignal,
): Promise<PlanOf<'planned'> | PlanOf<'left'>> {
  const [awake, away] = await ports.divide(broken);
  const copies = awake.flatMap(({ name }): BrokenCopy[] => {
    const mark = holdings.marked?.get(name);
    if (mark === undefined) return [];
    const [destination] = ports.backedUp([tagRefOf(name, mark.reference)]);
    return destination === undefined ? [] : [{ destination, mark }];
  });
  const [first, ...more] = copies;
  if (first === undefined) return { kind: 'left', left: away };
  const known = otherPlaces(all, undefined, holdings)
    .filter(({ target }) => holdings.marked?.get(target)?.drift === undefined)
    .flatMap(({ digest, ...place }) => (digest === undefined ? [] : [{ from: readableAt(place, digest), digest }]))
    .toSorted((a, b) => Number(b.digest === first.mark.digest) - Number(a.digest === first.mark.digest))
    .map(({ from }) => from);
  const found = await planHeal({ image, source, selection, broken: [first, ...more], known }, ports, signal);
  if ('fault' in found) {
    const left = found.copies.map(({ destination }) => ({ target: destination.target, fault: found.fault }));
    return { kind: 'left', left: [...away, ...left] };
  }
  const { plan, platforms, from } = found;
  const destinations = found.copies.map(({ destination }) => destination);
  return {
    kind: 'planned',
    ...nothingElse,
    sourceDigest: plan.sourceDigest,
    imageBytes: bytesOf(plan),
    missingPlatforms: from === undefined ? plan.missingPlatforms : [],
    platforms: printSelection(platforms),
    open: [...untried(plan, destinations), ...plan.failures.map((failure) => openTarget(failure, destinations))],
    left: away,
    force: true,
    from,
  };
}

/** Where the image's copies are, as the rows have it. */
function otherPlaces(all: readonly Target[], except: string | undefined, { byTarget, marked }: Holdings) {
  return all
    .filter(({ name, engine }) => name !== except && engine === undefined)
    .flatMap(({ name }) => {
      const holding = marked?.get(name) ?? byTarget.get(name);
      if (holding === undefined) return [];
      return [{ ...tagRefOf(name, holding.reference), digest: holding.digest }];
    });
}

function keptOf({ all, holdings }: MarkedImage): readonly TargetOutcome[] {
  return all.flatMap(({ name }) => {
    const mark = holdings.marked?.get(name);
    return mark === undefined ? [] : [keptCopy(name, mark)];
  });
}

function keptCopy(target: string, { reference, digest }: MarkedCopy): TargetOutcome {
  return { target, state: 'adopted', reference, digest, note: 'a rollback holds its tag: "ferry release" ends that' };
}

function isRequested({ byTarget, marked, askedAt }: Holdings): boolean {
  if (askedAt === undefined) return false;
  const broken = [...(marked?.values() ?? [])].filter(({ drift }) => drift !== undefined);
  return [...byTarget.values(), ...broken].some(({ pushedAt }) => pushedAt !== undefined && askedAt >= pushedAt);
}
