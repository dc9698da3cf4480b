import type { ImagePlan, LeftTarget } from '../contract/activity-types.js';
import type { PushedImageStore } from '../database/pushed/pushed-image-store.js';
import type { Target } from '../domain/target.js';
import { beforeFirstRow } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { findCopies, TagLooks } from './adopt-copies.js';
import type { CopyEngine } from './engine-ports.js';
import type { TargetHealth } from './target-health.js';

export interface AdoptionOptions {
  readonly signal: AbortSignal;
  /** A target that is unavailable now was unavailable in all attempts. */
  readonly lastAttempt: boolean;
}

interface AdoptionParts {
  readonly pushed: Pick<PushedImageStore, 'adoptionCandidates' | 'recordAdoption'>;
  readonly engine: Pick<CopyEngine, 'look'>;
  readonly targets: readonly Target[];
  readonly health: TargetHealth;
}

type AdoptionPlan =
  Extract<ImagePlan, { kind: 'adopted' }> | Omit<Extract<ImagePlan, { kind: 'left' }>, 'rows' | 'readAt'>;

/**
 * Adopts what an older script pushed, whenever its rows were added and by whom, unless they are to be copied by force.
 *
 * @param image.away targets that receive no requests now, each with the reason
 * @returns undefined when the image has to be copied
 */
export async function planAdoption(
  {
    image,
    pending,
    away,
  }: { readonly image: string; readonly pending: readonly WantedImage[]; readonly away: readonly LeftTarget[] },
  { pushed, engine, targets, health }: AdoptionParts,
  { signal, lastAttempt }: AdoptionOptions,
): Promise<AdoptionPlan | undefined> {
  const candidates = await pushed.adoptionCandidates({ targets, after: beforeFirstRow, limit: pending.length, image });
  if (candidates.length < pending.length) return undefined;
  // A daemon cannot look at a tag without pulling it, and sends no layer that is there.
  const behindDaemons = targets.flatMap(({ name, engine: by }) => (by === 'docker' ? [name] : []));
  const reached = candidates.flatMap(({ copies }) => copies.map(({ target }) => target));
  if (behindDaemons.some((name) => reached.includes(name))) return undefined;
  if (away.length > 0) return { kind: 'left', left: away };

  const looks = new TagLooks(engine, signal);
  const found = await Promise.all(candidates.map(async (candidate) => await findCopies(candidate, looks, signal)));
  const unknown = found.find((one) => one.kind === 'unknown');
  if (unknown !== undefined) {
    if (lastAttempt) for (const { target, fault, hostReason } of unknown.left) health.note(target, fault, hostReason);
    return { kind: 'left', left: unknown.left.map(({ target, fault }) => ({ target, fault })) };
  }
  const there = found.flatMap((one) => (one.kind === 'there' ? [one.copies] : []));
  if (there.length < candidates.length) return undefined;
  for (const [position, candidate] of candidates.entries()) {
    await pushed.recordAdoption(candidate, there[position] ?? []);
  }
  return { kind: 'adopted', targets: there[0] ?? [] };
}
