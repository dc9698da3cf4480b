/** Reads what the rows record about an image on its targets, by the ferry or by other programs. */
import { isDigest } from '@image-ferry/registry/digest';

import { groupRows } from '../../domain/group-rows.js';
import type { Target } from '../../domain/target.js';
import { isThere, PushStatus } from '../../domain/wanted-image.js';
import type { Holding, Holdings, MarkedCopy } from '../../domain/wanted-image.js';
import { copyOn, pushedRows } from '../adoption/adoption-candidates.js';
import type { PushedRow } from '../adoption/adoption-candidates.js';
import type { Queries } from '../dialect-differences.js';
import type { ImageCopies } from '../tables.js';
import { statusBesideImage } from '../wanted/wanted-rows.js';

/** What the rows record about an image, on any target. */
export interface Recorded {
  readonly copies: readonly ImageCopies[];
  /** Pushes by older scripts, the oldest first. */
  readonly scripts: readonly PushedRow[];
  /** When a person last requested it, UTC ms; only pending rows count. */
  readonly askedAt?: number | undefined;
}

const nothing: Recorded = { copies: [], scripts: [] };

/** Reads it of images in three statements, however many images there are; an entry for each image. */
export async function readRecorded(
  queries: Queries,
  images: readonly string[],
): Promise<ReadonlyMap<string, Recorded>> {
  const rows = await queries
    .selectFrom('image_copies')
    .selectAll()
    .where('image', 'in', [...images])
    .execute();
  const copies = groupRows(rows, ({ image }) => image);
  const scripts = await pushedRows(queries, images);
  const requests = await queries
    .selectFrom('images_for_push')
    .select(['image', (is) => is.fn.max('requested_at').as('asked')])
    .where('image', 'in', [...images])
    .where(statusBesideImage, '=', PushStatus.pending)
    .groupBy('image')
    .execute();
  const asked = new Map(requests.map((row) => [row.image, row.asked === null ? undefined : Number(row.asked)]));
  return new Map(
    images.map((image) => [
      image,
      { copies: copies.get(image) ?? [], scripts: scripts.get(image) ?? [], askedAt: asked.get(image) },
    ]),
  );
}

/** @see PushedImageStore.holdings */
export function holdingsOn(targets: readonly Target[], { copies, scripts, askedAt }: Recorded = nothing): Holdings {
  const byTarget = new Map<string, Holding>();
  for (const target of targets) {
    const copy = copies.find((one) => one.target === target.name);
    const script = copyOn(target, targets, scripts, []);
    const there = copy !== undefined && isThere(copy.state) ? copy : undefined;
    const reference = there === undefined ? script?.registryImageName : there.reference;
    if (reference === null || reference === undefined) continue;
    const recorded = [copy?.source_digest, scripts.find(({ id }) => id === script?.pushedId)?.digest];
    byTarget.set(target.name, {
      reference,
      ...(there === undefined || there.digest === null ? {} : { digest: there.digest }),
      ...(there === undefined || there.last_pushed_at === null ? {} : { pushedAt: there.last_pushed_at }),
      pushedId: script?.pushedId,
      sourceDigests: recorded.flatMap((text) => digestIn(text) ?? []),
    });
  }
  return { byTarget, pushedByFerry: copiedTo(copies), askedAt, marked: markedAmong(copies) };
}

function markedAmong(copies: readonly ImageCopies[]): Holdings['marked'] {
  const marked = copies.flatMap((copy): [string, MarkedCopy][] => {
    const { target, state, reference, source_digest: sourceDigest } = copy;
    const { rollback_to: rollbackTo, held_digest: heldDigest } = copy;
    const digest = copy.digest ?? heldDigest;
    // A finding that was only reported leaves the copy pushed: nothing is to be done about it.
    const drift = isThere(state) ? null : copy.drift;
    if (reference === null || digest === null) return [];
    if (drift === null && rollbackTo === null && heldDigest === null) return [];
    const mark: MarkedCopy = {
      reference,
      digest,
      sourceDigest: sourceDigest ?? undefined,
      pushedAt: copy.last_pushed_at ?? undefined,
      drift: (drift ?? undefined) as MarkedCopy['drift'],
      rollbackTo: rollbackTo ?? undefined,
      heldDigest: heldDigest ?? undefined,
    };
    return [[target, mark]];
  });
  return marked.length === 0 ? undefined : new Map(marked);
}

/** Targets that the ferry itself has copied the image to, whatever happened to it later. */
export function copiedTo(copies: readonly ImageCopies[]): readonly string[] {
  return copies.flatMap(({ target, last_pushed_at: at }) => (at === null ? [] : [target]));
}

/** Scripts wrote a digest alone, a name with a digest, or another word. */
function digestIn(text: string | null | undefined): string | undefined {
  const digest = /sha256:[0-9a-f]{64}/.exec(text ?? '')?.[0];
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}
