import type { LeftTarget } from '../contract/activity-types.js';
import { FerryError } from '../domain/ferry-error.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { AdoptionCandidate, TargetOutcome } from '../domain/wanted-image.js';
import type { CopyEngine } from './engine-ports.js';
import { toFault } from './to-failure.js';

/** What asking the targets for what an older script pushed came to. */
export type FoundCopies =
  | { readonly kind: 'there'; readonly copies: readonly FoundCopy[] }
  /** A target does not have it: it is copied like any other image. */
  | { readonly kind: 'absent' }
  /** A target could not be asked. Nothing may be copied: that would replace what may well be there. */
  | { readonly kind: 'unknown'; readonly left: readonly UnaskedTarget[] };

export interface UnaskedTarget extends LeftTarget {
  /** Of its fault, see `FerryError`. */
  readonly hostReason?: string;
}

type FoundCopy = Extract<TargetOutcome, { state: 'adopted' }>;

/**
 * Asks every target for what an older script pushed to it: one HEAD for each tag, no bytes.
 *
 * @throws what is no fault of a target; the signal's reason when aborted
 */
export async function findCopies(
  { copies }: AdoptionCandidate,
  engine: Pick<CopyEngine, 'head'>,
  signal: AbortSignal,
): Promise<FoundCopies> {
  const there: FoundCopy[] = [];
  const left: UnaskedTarget[] = [];
  let isAbsent = false;
  await Promise.all(
    copies.map(async ({ target, registryImageName: reference }) => {
      try {
        const { host, path, tag = 'latest' } = parseImageReference(reference);
        const head = await engine.head({ target, host, repository: path, tag }, { signal });
        if (head === undefined) isAbsent = true;
        else there.push({ target, state: 'adopted', reference, digest: head.digest });
      } catch (error) {
        signal.throwIfAborted();
        const fault = toFault(error);
        if (fault === undefined) throw error;
        const hostReason = error instanceof FerryError ? error.hostReason : undefined;
        left.push({ target, fault, ...(hostReason === undefined ? {} : { hostReason }) });
      }
    }),
  );
  if (left.length > 0) return { kind: 'unknown', left };
  return isAbsent ? { kind: 'absent' } : { kind: 'there', copies: there };
}
