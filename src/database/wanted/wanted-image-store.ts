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
import { isCanonicalImage } from '../row-shapes.js';
import { imagesSharingTags, reviewPushed } from '../tag-sharing.js';
import { forgetIdentity } from './forget-identity.js';
import { readWanted, wantedRows } from './read-wanted.js';
import { upsertWanted } from './upsert-wanted.js';
import { highestId, idsOfImages, lowestId } from './wanted-rows.js';

/** Blocked rows that are reported one by one: for more of them there is `ferry list blocked`. */
const blockedShown = 100;

interface PendingQuery {
  readonly since: number;
  readonly limit: number;
  /** The row to continue after; absent: only requested images. */
  readonly after?: number | undefined;
}

export interface PendingPage {
  readonly asked: readonly string[];
  readonly discovered: readonly string[];
  /** The row to continue after; undefined at the end. */
  readonly next?: number | undefined;
}

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
   *
   * @param scope `changed`: duplicates whose first row was deleted are left to the next call for all rows, unless there is
   *   something else to normalize
   */
  async normalizeRows(scope: 'all' | 'changed' = 'all'): Promise<Readonly<NormalizedTotals>> {
    const { queries, dialect, transaction } = this.#database;
    const total: NormalizedTotals = { adopted: 0, duplicates: 0, refused: 0, blocked: [] };
    await adoptPushedImages(this.#database);
    if (!(await hasRowsToNormalize(queries, scope))) return total;

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
   * Pending images for a run. `asked`: explicitly requested ones without an outcome since, in the order of the requests.
   * `discovered`: others after row `after` that no run has finished since `since` (UTC ms), by row; none without `after`.
   * At most `limit` rows of each are read, so an image with rows on two pages is returned twice.
   */
  async pendingImages({ since, limit, after }: PendingQuery): Promise<PendingPage> {
    const pending = this.#database.queries.selectFrom('images_for_push').select(['id', 'image']).limit(limit);
    // An index ends with the ID: both are read in its order, without sorting.
    const asked = await pending
      .where('asked_at', '>', 0)
      .where((is) => is.between(sql<number>`+id`, lowestId, highestId))
      .orderBy('asked_at')
      .orderBy('id')
      .execute();
    const rows =
      after === undefined
        ? []
        : await pending
            .where('push_status', '=', PushStatus.pending)
            .where(sql`+asked_at`, 'is', null)
            .where('id', '>', after)
            .where('id', '<=', highestId)
            .where((is) => is.or([is('checked_at', 'is', null), is('checked_at', '<', since)]))
            .orderBy('id')
            .execute();
    const requested = imagesOf(asked);
    const discovered = imagesOf(rows);
    for (const image of requested) discovered.delete(image);
    const next = rows.length < limit ? undefined : rows.at(-1)?.id;
    return { asked: [...requested], discovered: [...discovered], next };
  }

  /**
   * Removes the identity of pending rows whose column `image` is invalid because another program wrote it. `normalizeRows`
   * then reads the columns that identify the image, and blocks invalid rows.
   * @returns whether there were any
   */
  async forgetUnreadable(images: readonly string[]): Promise<boolean> {
    const unreadable = images.filter((image) => !isCanonicalImage(image));
    if (unreadable.length === 0) return false;
    const ids = await idsOfImages(this.#database.queries, unreadable, PushStatus.pending);
    const exact = ids.filter((id) => Number.isSafeInteger(id));
    if (exact.length === 0) return false;
    await this.#forgetIdentity(exact);
    return true;
  }

  /** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
  async imagesSharingTag(image: string): Promise<readonly string[]> {
    return (await imagesSharingTags(this.#database.queries, [image])).get(image) ?? [];
  }

  /** Makes pushed rows of these images pending again: the tag on the targets may no longer be theirs. */
  async reviewPushed(images: readonly string[]): Promise<void> {
    if (images.length === 0) return;
    const { dialect, transaction } = this.#database;
    await transaction(async (inside) => await reviewPushed(inside, dialect, images));
  }

  /** All rows of one image, any status, without duplicates; and when they were read, by the database's clock. */
  async wantedRows(image: string): Promise<{ readonly rows: readonly WantedImage[]; readonly readAt: number }> {
    const read = (await readWanted(this.#database, [image])).get(image);
    return wantedRows(image, read ?? { rows: [], readAt: 0 });
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

/** Without rows that are not normalized yet. */
function imagesOf(rows: readonly { readonly image: string | null }[]): Set<string> {
  return new Set(rows.flatMap(({ image }) => image ?? []));
}
