import { sql } from 'kysely';

import { CopyState, PushStatus } from '../domain/wanted-image.js';
import { countClaimed } from './adoption/claimed-rows.js';
import { WantedState } from './status-views.js';
import type {
  ImageStatus,
  NotDoneEntry,
  Overview,
  Page,
  PageQuery,
  PushedEntry,
  RunReport,
  WantedEntry,
} from './status-views.js';
import type { FerryDatabase } from './ferry-database.js';
import { pruneHistory } from './history-pruning.js';
import type { PrunedHistory, PruneOptions } from './history-pruning.js';
import { readPushed, selectPushed } from './pushed/list-pushed.js';
import { backfill, removeImage, removeRow, retryAdopted, retryImage, retryBlocked } from './wanted/row-actions.js';
import type { Renewed } from './wanted/row-actions.js';
import { readNotDone, readRun } from './run-reports.js';
import { effectiveStatus } from './effective-status.js';
import { readCopies, readWanted, selectWanted } from './wanted/list-wanted.js';

const standardLimit = 1_000;

/** What people ask, and what they tell the ferry to do with rows. Images are canonical references. */
export class StatusQueries {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** How everything stands. */
  async overview(): Promise<Overview> {
    const { queries } = this.#database;
    const count = sql<number>`count(*)`.as('rows');
    const rows = queries.selectFrom('images_for_push').where('duplicate_of', 'is', null);
    const byStatus = await rows
      .select([effectiveStatus.as('status'), count])
      .groupBy('status')
      .execute();
    const blockedCode = sql<string>`case when push_status = 2 then coalesce(blocked_code, 'internal') else 'invalid-row' end`;
    const blocked = await rows
      .select([blockedCode.as('code'), count])
      .where(effectiveStatus, '=', PushStatus.blocked)
      .groupBy('code')
      .execute();
    const waiting = await rows
      .select(sql<number>`count(distinct image)`.as('images'))
      .where('push_status', '=', PushStatus.pending)
      .where('image', 'in', openImages(this.#database))
      .executeTakeFirst();
    const copies = await queries
      .selectFrom('image_copies')
      .select(['target', 'state', count])
      .where('image', 'in', wantedImages(this.#database))
      .groupBy(['target', 'state'])
      .orderBy('target')
      .execute();
    const lastRun = await readRun(queries);
    const unverified = await countClaimed(queries);
    const targets = [...new Set(copies.map(({ target }) => target))];
    return {
      wanted: countsByState(byStatus),
      waiting: Number(waiting?.images ?? 0),
      targets: targets.map((target) => ({
        target,
        copies: Object.fromEntries(
          copies.filter((copy) => copy.target === target).map((copy) => [copy.state, Number(copy.rows)]),
        ),
      })),
      ...(unverified === 0 ? {} : { unverified }),
      blockedBy: blocked.map((row) => ({ code: row.code, rows: Number(row.rows) })),
      ...(lastRun === undefined ? {} : { lastRun }),
    };
  }

  /** Rows that another program marked as pushed and the ferry never verified, duplicates left out. */
  async unverified(): Promise<number> {
    return await countClaimed(this.#database.queries);
  }

  /** One image in full; its lists are empty when nobody ever wanted it. */
  async status(image: string): Promise<ImageStatus> {
    const { queries } = this.#database;
    const rows = await selectWanted(queries).where('image', '=', image).orderBy('id').execute();
    const pushed = await selectPushed(queries).where('image', '=', image).execute();
    return {
      image,
      wanted: await readWanted(queries, rows),
      copies: await readCopies(queries, [image]),
      pushed: await readPushed(queries, pushed),
    };
  }

  /** Rows of `images_for_push`, by row: all that are not withdrawn; the blocked; or those tried and not done yet. */
  async listWanted(
    which: 'wanted' | 'blocked' | 'waiting',
    { limit = standardLimit, after }: PageQuery = {},
  ): Promise<Page<WantedEntry>> {
    const { queries } = this.#database;
    const first = selectWanted(queries).orderBy('id').limit(limit);
    const all = after === undefined ? first : first.where('id', '>', after);
    const narrowed = {
      wanted: () => all.where(effectiveStatus, '<>', PushStatus.withdrawn),
      blocked: () => all.where(effectiveStatus, '=', PushStatus.blocked),
      waiting: () => all.where('push_status', '=', PushStatus.pending).where('image', 'in', openImages(this.#database)),
    };
    return page(await readWanted(queries, await narrowed[which]().execute()), limit);
  }

  /** Rows of `pushed_images`, by row. */
  async listPushed({ limit = standardLimit, after }: PageQuery = {}): Promise<Page<PushedEntry>> {
    const { queries } = this.#database;
    const first = selectPushed(queries).limit(limit);
    const rows = await (after === undefined ? first : first.where('id', '>', after)).execute();
    return page(await readPushed(queries, rows), limit);
  }

  /** Makes an image, everything blocked, or everything that was taken over without copying, pending again. */
  async retry(what: string | { readonly blocked: true } | { readonly adopted: true }): Promise<Renewed> {
    if (typeof what === 'string') return await retryImage(this.#database, what);
    return 'blocked' in what ? await retryBlocked(this.#database) : await retryAdopted(this.#database);
  }

  /** Withdraws every row of an image; what is on the targets stays there. */
  async remove(image: string): Promise<Renewed> {
    return await removeImage(this.#database, image);
  }

  /** Withdraws one row, such as one that names no image: by its id, or by what `ferry list` shows for its image. */
  async removeRow(row: number | string): Promise<Renewed> {
    return await removeRow(this.#database, row);
  }

  /** Makes pushed images pending that a target does not have. @returns how many images */
  async backfill(target: { readonly name: string }): Promise<number> {
    return (await backfill(this.#database, target.name)).images;
  }

  /** Undefined for a run that is not known, or not any more; without an ID the latest. */
  async run(id?: string): Promise<RunReport | undefined> {
    return await readRun(this.#database.queries, id);
  }

  async notDone(run: string, limit: number = standardLimit): Promise<readonly NotDoneEntry[]> {
    return await readNotDone(this.#database.queries, run, limit);
  }

  /** @see pruneHistory */
  async pruneHistory(days: number, options?: PruneOptions): Promise<PrunedHistory> {
    return await pruneHistory(this.#database, days, options);
  }
}

/** Somebody wants them still: copies of withdrawn images are nobody's business any more. */
function wantedImages({ queries }: FerryDatabase) {
  return queries
    .selectFrom('images_for_push')
    .select('images_for_push.image')
    .where('images_for_push.image', 'is not', null)
    .where(effectiveStatus, '<>', PushStatus.withdrawn);
}

function openImages({ queries }: FerryDatabase) {
  return queries
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('image_copies.state', 'in', [CopyState.waiting, CopyState.retrying, CopyState.blocked]);
}

function page<T extends { readonly id: number }>(items: readonly T[], limit: number): Page<T> {
  const last = items.at(-1);
  // An id that could not be read exactly is no place to go on from.
  const isPlace = last !== undefined && Number.isSafeInteger(last.id);
  return items.length < limit || !isPlace ? { items } : { items, next: last.id };
}

function countsByState(
  rows: readonly { readonly status: number; readonly rows: number }[],
): Record<WantedState, number> {
  const counts = { pending: 0, pushed: 0, blocked: 0, withdrawn: 0 };
  for (const { status, rows: count } of rows) counts[WantedState[status] ?? 'blocked'] += Number(count);
  return counts;
}
