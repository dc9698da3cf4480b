import { sql } from 'kysely';

import type { StateChange } from '../../domain/state-change.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { WantedImage, WantedRequest, WantedResult } from '../../domain/wanted-image.js';
import { adoptPushedImages } from '../adoption/adopt-pushed-images.js';
import { releaseOrphans } from '../adoption/duplicate-rows.js';
import { normalizePage, hasRowsToNormalize } from '../adoption/normalize-rows.js';
import { ProgressCheck } from '../adoption/progress-check.js';
import { reviewResetRows } from '../adoption/reset-rows.js';
import type { Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import { isCanonicalImage, isStillItself, wantedImage } from '../row-shapes.js';
import { imagesSharingTag, reviewPushed } from '../tag-sharing.js';
import { forgetIdentity } from './forget-identity.js';
import { upsertWanted } from './upsert-wanted.js';
import { highestId, idsOfImages, lowestId } from './wanted-rows.js';

/** Blocked rows that are reported one by one: for more of them there is `ferry list blocked`. */
const blockedShown = 100;

interface NormalizedTotals {
  adopted: number;
  duplicates: number;
  /** Rows that are blocked from now on, since no image can be read from them. */
  refused: number;
  /** The first 100 of those. */
  blocked: readonly StateChange[];
}

/** The rows of `images_for_push`: the wanted images. */
export class WantedImageStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Normalizes rows that other programs inserted or reset: gives them an identity, marks duplicates, and blocks invalid
   * rows. Also reads new rows of `pushed_images`. Several workers may call it at the same time.
   */
  async normalizeRows(): Promise<Readonly<NormalizedTotals>> {
    const { queries, dialect, transaction } = this.#database;
    const total: NormalizedTotals = { adopted: 0, duplicates: 0, refused: 0, blocked: [] };
    await adoptPushedImages(this.#database);
    if (!(await hasRowsToNormalize(queries))) return total;

    const reviewing = new ProgressCheck();
    for (;;) {
      const reviewed = await transaction((inside) => reviewAndRelease(inside));
      if (reviewed.length === 0) break;
      reviewing.next(reviewed);
    }
    const adopting = new ProgressCheck();
    for (;;) {
      const page = await transaction((inside) => normalizePage(inside, dialect));
      if (page === undefined) return total;
      adopting.next(page.ids);
      total.adopted += page.adopted;
      total.duplicates += page.duplicates;
      total.refused += page.refused.length;
      total.blocked = [...total.blocked, ...page.refused].slice(0, blockedShown);
    }

    async function reviewAndRelease(inside: Queries): Promise<readonly number[]> {
      const rows = await reviewResetRows(inside, dialect);
      await releaseOrphans(inside);
      return rows;
    }
  }

  /**
   * Images with a pending row that no run has finished since `since` (UTC ms), or that were requested again since:
   * explicitly requested ones first, in the order of the requests; then by row.
   */
  async pendingImages({
    since,
    limit,
  }: {
    readonly since: number;
    readonly limit: number;
  }): Promise<readonly { readonly image: string; readonly explicit: boolean }[]> {
    const isAsked = sql<number>`case when requested_at is not null and (checked_at is null or requested_at >= checked_at)
      then requested_at end`;
    const rows = await this.#database.queries
      .selectFrom('images_for_push')
      .select(['image', sql<number | null>`min(${isAsked})`.as('asked_at')])
      .where('push_status', '=', PushStatus.pending)
      .where('image', 'is not', null)
      .where((is) => is.between('id', lowestId, highestId))
      .where((is) =>
        is.or([
          is('checked_at', 'is', null),
          is('checked_at', '<', since),
          is('requested_at', '>=', is.ref('checked_at')),
        ]),
      )
      .groupBy('image')
      .orderBy(sql`case when min(${isAsked}) is null then 1 else 0 end`)
      .orderBy(sql`min(${isAsked})`)
      .orderBy(sql`min(id)`)
      .limit(limit)
      .execute();
    return rows.map(({ image, asked_at: askedAt }) => ({ image: image ?? '', explicit: askedAt !== null }));
  }

  /**
   * Removes the identity of pending rows whose column `image` is invalid because another program wrote it. `normalizeRows`
   * then reads the columns that identify the image, and blocks invalid rows.
   * @returns whether there were any
   */
  async forgetUnreadable(images: readonly { readonly image: string }[]): Promise<boolean> {
    const unreadable = images.map(({ image }) => image).filter((image) => !isCanonicalImage(image));
    if (unreadable.length === 0) return false;
    const ids = await idsOfImages(this.#database.queries, unreadable, PushStatus.pending);
    const exact = ids.filter((id) => Number.isSafeInteger(id));
    if (exact.length === 0) return false;
    await this.#forgetIdentity(exact);
    return true;
  }

  /** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
  async imagesSharingTag(image: string): Promise<readonly string[]> {
    return await imagesSharingTag(this.#database.queries, image);
  }

  /** Makes pushed rows of these images pending again: the tag on the targets may no longer be theirs. */
  async reviewPushed(images: readonly string[]): Promise<void> {
    const { dialect, transaction } = this.#database;
    await transaction(async (inside) => await reviewPushed(inside, dialect, images));
  }

  /** All rows of one image, any status, without duplicates; and when they were read, by the database's clock. */
  async wantedRows(image: string): Promise<{ readonly rows: readonly WantedImage[]; readonly readAt: number }> {
    const { queries, dialect } = this.#database;
    // Read the time first: requests that arrive while the rows are read count as later.
    const now = await dialect.now(queries);
    const rows = await queries
      .selectFrom('images_for_push')
      .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'push_status'])
      .select([
        'image',
        'image_key',
        'source_digest',
        'checked_at',
        'first_missing_at',
        'blocked_code',
        'blocked_reason',
      ])
      .select(['requested_at', 'targets', 'force_copy'])
      .where('image', '=', image)
      .where((is) => is.between('id', lowestId, highestId))
      .orderBy('id')
      .execute();
    // Another program may have changed the image of a row since it was normalized.
    const changed = rows.filter((row) => !isStillItself(row)).map(({ id }) => id);
    if (changed.length > 0) await this.#forgetIdentity(changed);
    const unchanged = rows.filter(({ id }) => !changed.includes(id));
    // Later than every request that was read, even if the clock was set back. Otherwise they would stay unanswered.
    const readAt = Math.max(now, ...unchanged.map(({ requested_at: askedFor }) => (askedFor ?? 0) + 1));
    return { rows: unchanged.map((row) => wantedImage(row, image)), readAt };
  }

  /**
   * Records requests in one transaction; a request without targets is for all of them.
   * @see upsertWanted
   */
  async addWanted(requests: readonly WantedRequest[]): Promise<readonly WantedResult[]> {
    const { dialect, transaction } = this.#database;
    return await transaction((inside) => upsertWanted(inside, dialect, requests));
  }

  async #forgetIdentity(ids: readonly number[]): Promise<void> {
    await this.#database.transaction(async (inside) => await forgetIdentity(inside, ids));
  }
}
