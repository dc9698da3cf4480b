import { coverageOf } from '@image-ferry/registry/manifest';
import type { TagContents } from '@image-ferry/registry/manifest';
import { parsePlatformSelection } from '@image-ferry/registry/platform';

import type { LeftTarget } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import { FerryError } from '../domain/ferry-error.js';
import type { AdoptionCandidate, TargetOutcome } from '../domain/wanted-image.js';
import type { CopyEngine } from './engine-ports.js';
import { tagRefOf } from './tag-ref.js';

/** What asking the targets for what another program pushed came to. */
export type FoundCopies =
  | { readonly kind: 'there'; readonly copies: readonly FoundCopy[] }
  /** A target does not have it, or not for its platform: it is copied like any other image. */
  | { readonly kind: 'absent'; readonly copies: readonly FoundCopy[] }
  /** A target could not be asked. Nothing may be copied: that would replace what may well be there. */
  | { readonly kind: 'unknown'; readonly left: readonly UnaskedTarget[] };

export interface UnaskedTarget extends LeftTarget {
  /** Of its fault, see `FerryError`. */
  readonly hostReason?: string | undefined;
}

type FoundCopy = Extract<TargetOutcome, { state: 'adopted' }>;

/** Several rows may request the same tag: they share one look at it. */
export class TagLooks {
  readonly #engine: Pick<CopyEngine, 'look'>;
  readonly #signal: AbortSignal;
  readonly #looks = new Map<string, Promise<TagContents | undefined>>();

  constructor(engine: Pick<CopyEngine, 'look'>, signal: AbortSignal) {
    this.#engine = engine;
    this.#signal = signal;
  }

  /** @param reference `host/repository:tag` on the target. @throws FerryError */
  async at(target: string, reference: string): Promise<TagContents | undefined> {
    const key = `${target} ${reference}`;
    const known = this.#looks.get(key);
    if (known !== undefined) return await known;
    const look = this.#engine.look(tagRefOf(target, reference), { signal: this.#signal });
    this.#looks.set(key, look);
    return await look;
  }
}

/**
 * Asks every target for what another program pushed to it: one HEAD for each tag, and the manifest that tells its
 * platforms; no layers.
 *
 * @throws what is no fault of a target; the signal's reason when aborted
 */
export async function findCopies(
  {
    platform,
    copies,
  }: Pick<AdoptionCandidate, 'platform'> & {
    readonly copies: readonly { readonly target: string; readonly registryImageName: string }[];
  },
  looks: TagLooks,
  signal: AbortSignal,
): Promise<FoundCopies> {
  const wanted = parsePlatformSelection(platform);
  const there: FoundCopy[] = [];
  const left: UnaskedTarget[] = [];
  await Promise.all(
    copies.map(async ({ target, registryImageName: reference }) => {
      try {
        const contents = await looks.at(target, reference);
        if (contents === undefined || coverageOf(contents, wanted) !== 'all') return;
        there.push({ target, state: 'adopted', reference, digest: contents.digest });
      } catch (error) {
        const fault = faultOrThrow(error, signal);
        const hostReason = error instanceof FerryError ? error.hostReason : undefined;
        left.push({ target, fault, hostReason });
      }
    }),
  );
  if (left.length > 0) return { kind: 'unknown', left };
  const order = copies.map(({ target }) => target);
  there.sort((a, b) => order.indexOf(a.target) - order.indexOf(b.target));
  return { kind: there.length < copies.length ? 'absent' : 'there', copies: there };
}
