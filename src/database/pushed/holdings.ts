/** Reads what the rows record about an image on its targets, by the ferry or by other programs. */
import { isDigest } from '@image-ferry/registry/digest';

import type { Target } from '../../domain/target.js';
import { CopyState, PushStatus } from '../../domain/wanted-image.js';
import type { Holding, Holdings } from '../../domain/wanted-image.js';
import { copyOn, pushedRows } from '../adoption/adoption-candidates.js';
import type { Queries } from '../dialect-differences.js';

/** @see PushedImageStore.holdings */
export async function readHoldings(queries: Queries, image: string, targets: readonly Target[]): Promise<Holdings> {
  const copies = await queries.selectFrom('image_copies').selectAll().where('image', '=', image).execute();
  const scripts = (await pushedRows(queries, [image])).get(image) ?? [];
  const { asked } = await queries
    .selectFrom('images_for_push')
    .select((is) => is.fn.max('requested_at').as('asked'))
    .where('image', '=', image)
    .where('push_status', '=', PushStatus.pending)
    .executeTakeFirstOrThrow();
  const byTarget = new Map<string, Holding>();
  for (const target of targets) {
    const copy = copies.find((one) => one.target === target.name);
    const script = copyOn(target, targets, scripts, []);
    const isThere = copy?.state === CopyState.pushed || copy?.state === CopyState.adopted;
    const reference = isThere ? copy.reference : (script?.registryImageName ?? null);
    if (reference === null || reference === undefined) continue;
    const recorded = [copy?.source_digest, scripts.find(({ id }) => id === script?.pushedId)?.digest];
    byTarget.set(target.name, {
      reference,
      ...(isThere && copy.digest !== null ? { digest: copy.digest } : {}),
      ...(isThere && copy.last_pushed_at !== null ? { pushedAt: copy.last_pushed_at } : {}),
      pushedId: script?.pushedId,
      sourceDigests: recorded.flatMap((text) => digestIn(text) ?? []),
    });
  }
  const pushedByFerry = copies.flatMap(({ target, last_pushed_at: at }) => (at === null ? [] : [target]));
  return { byTarget, pushedByFerry, askedAt: asked === null ? undefined : Number(asked) };
}

/** Scripts wrote a digest alone, a name with a digest, or another word. */
function digestIn(text: string | null | undefined): string | undefined {
  const digest = /sha256:[0-9a-f]{64}/.exec(text ?? '')?.[0];
  return digest !== undefined && isDigest(digest) ? digest : undefined;
}
