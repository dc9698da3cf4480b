/** The first step of a run: what other programs say that they pushed is looked for on the targets, and nothing is moved. */
import { parseImageReference } from '@image-ferry/registry/reference';

import type { LeftTarget, TakeoverPage } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { TargetNameStore } from '../database/target-name-store.js';
import { inParallel } from '../domain/in-parallel.js';
import type { Target } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { AdoptionCandidate, ClaimedRow, TakenOver } from '../domain/wanted-image.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { findCopies, TagLooks } from './adopt-copies.js';
import { foreseeDestination } from './destinations.js';
import type { CopyEngine } from './engine-ports.js';
import { SilentTargets } from './silent-targets.js';

/** Rows of either kind in one activity, and rows looked for at once: 100,000 of them cost some thousand events. */
const page = 500;
const rowsAtOnce = 32;
/** Rows that are written together: what was found before a crash is not looked for again. */
const recordedTogether = 100;

export interface TakeoverPorts {
  readonly pushed: PushedImageStore;
  readonly names: Pick<TargetNameStore, 'ownedBy' | 'ownerOf'>;
  readonly engine: Pick<CopyEngine, 'look'>;
  readonly targets: readonly Target[];
}

interface Sought {
  readonly row: Omit<TakenOver, 'isThere' | 'copies'>;
  readonly copies: readonly {
    readonly target: string;
    readonly registryImageName: string;
    readonly pushedId?: number | undefined;
  }[];
}

/**
 * An image that is not adopted here gets its own plan, which asks the target again and says why. A target that does not
 * answer receives no further requests for the other rows of the page.
 */
export async function takeOver(ports: TakeoverPorts, after: number, signal: AbortSignal): Promise<TakeoverPage> {
  const { pushed, targets } = ports;
  const query = { targets, after, limit: page };
  const claimed = await pushed.claimedRows(query);
  const candidates = await pushed.adoptionCandidates(query);
  // The two lists reach to different rows: what lies beyond the shorter one comes with the next page.
  const upTo = Math.min(endOf(claimed), endOf(candidates));
  const rows = [...claimed, ...candidates].filter(({ rowId }) => rowId <= upTo);
  const looks = new TagLooks(ports.engine, signal);
  const silent = new SilentTargets(targets);
  const found: TakenOver[] = [];
  const tally = { adopted: 0, looked: 0, missing: 0, unverified: 0 };
  await inParallel(rows, rowsAtOnce, async (row) => {
    signal.throwIfAborted();
    await lookFor(row);
    if (found.length >= recordedTogether) await pushed.recordTakenOver(found.splice(0));
  });
  await pushed.recordTakenOver(found);
  return {
    adopted: tally.adopted,
    claims: { looked: tally.looked, missing: tally.missing, unverified: tally.unverified },
    unasked: silent.unasked,
    ...(Number.isFinite(upTo) ? { next: upTo } : {}),
  };

  async function lookFor(row: ClaimedRow | AdoptionCandidate): Promise<void> {
    const isClaim = 'places' in row;
    if (isClaim) tally.looked += 1;
    const goals = isClaim ? row.places : row.copies;
    if (goals.length === 0) {
      // Without a target nothing can be verified.
      if (isClaim) unverified(noTarget(row.selection));
      return;
    }
    const known = silent.reasonFor(goals.map(({ target }) => target));
    if (known !== undefined) {
      if (isClaim) unverified(known);
      return;
    }
    const { row: base, copies } = isClaim ? await soughtClaim(row) : soughtCandidate(row);
    const result = await findCopies({ platform: base.platform, copies }, looks, signal);
    if (result.kind === 'unknown') {
      for (const left of result.left) silent.note(left);
      const [first] = result.left;
      if (isClaim && first !== undefined) unverified(silent.reasonFor([first.target]) ?? first);
      return;
    }
    silent.answered(goals.map(({ target }) => target));
    const isThere = result.kind === 'there';
    // A pending row that is not there stays as it is: its plan decides.
    if (!isThere && !isClaim) return;
    if (isThere) tally.adopted += 1;
    else tally.missing += 1;
    const digests = new Map(result.copies.map(({ target, digest }) => [target, digest]));
    found.push({
      ...base,
      isThere,
      copies: copies.map(({ target, registryImageName: reference, pushedId }) => {
        const digest = digests.get(target);
        return {
          target,
          reference,
          digest,
          pushedId,
        };
      }),
    });
  }

  function unverified(left: LeftTarget): void {
    tally.unverified += 1;
    silent.count(left);
  }

  async function soughtClaim({ rowId, image, platform, selection, places }: ClaimedRow): Promise<Sought> {
    const copies = await Promise.all(
      places.map(async ({ target, reference, pushedId }) => ({
        target,
        registryImageName: reference ?? (await nameOn(image, target)),
        pushedId,
      })),
    );
    return { row: { rowId, image, platform, selection, was: PushStatus.pushed }, copies };
  }

  /** The name that the image has there, or would get: no row records another one. */
  async function nameOn(image: string, name: string): Promise<string> {
    const target = targets.find((one) => one.name === name);
    if (target === undefined) throw new TypeError(`${name} is no target`);
    const { destination } = await foreseeDestination(ports.names, parseImageReference(image), target);
    return `${destination.host}/${destination.repository}:${destination.tag}`;
  }
}

function noTarget(selection: TargetSelection): LeftTarget {
  const target = selection === 'all' ? 'all targets' : selection.join(', ');
  const reason = `no such target is configured, so the image cannot be verified: configure it, or "ferry add" the image for all targets`;
  return { target, fault: { code: 'configuration', decision: 'block', reason } };
}

function soughtCandidate({ rowId, image, platform, selection, copies }: AdoptionCandidate): Sought {
  return { row: { rowId, image, platform, selection, was: PushStatus.pending }, copies };
}

function endOf(rows: readonly { readonly rowId: number }[]): number {
  return rows.length < page ? Number.POSITIVE_INFINITY : (rows.at(-1)?.rowId ?? Number.POSITIVE_INFINITY);
}
