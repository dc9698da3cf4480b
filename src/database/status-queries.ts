import { sql } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import type { StateEvent } from '../domain/state-change.js';
import { CopyState, PushStatus } from '../domain/wanted-image.js';
import { countClaimed } from './adoption/claimed-rows.js';
import { effectiveStatus } from './effective-status.js';
import { readEvents, readEventsOf } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { readPushed, readPushedOf, selectPushed } from './pushed/list-pushed.js';
import { readNotDone, readRun, readRuns } from './run-reports.js';
import { WantedState } from './status-views.js';
import type {
  ImageStatus,
  NotDoneEntry,
  Overview,
  Page,
  PageQuery,
  PushedEntry,
  RunPage,
  RunReport,
  WantedEntry,
} from './status-views.js';
import { readCopies, readWanted, selectWanted } from './wanted/list-wanted.js';
import { isNotNormalized, readUnread } from './wanted/unread-rows.js';
import { firstRow, lowestId } from './wanted/wanted-rows.js';

const standardLimit = 1_000;
/** State changes that the status of an image shows. */
const eventsShown = 50;
/** Rows per query when searching for an image in rows that are not normalized yet. */
const unreadPage = 1_000;

/** Status queries for users. They only read, so they work on a read-only database. Images are canonical references. */
export class StatusQueries {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Totals of all rows. */
  async overview(): Promise<Overview> {
    const { queries } = this.#database;
    const count = sql<number>`count(*)`.as('rows');
    const rows = queries.selectFrom('images_for_push').where(firstRow, 'is', null);
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
    const unread = await this.#countUnread();
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
      ...(unread === 0 ? {} : { unread }),
      blockedBy: blocked.map((row) => ({ code: row.code, rows: Number(row.rows) })),
      lastRun,
    };
  }

  /** Rows that another program marked as pushed and the ferry never verified, without duplicates. */
  async unverified(): Promise<number> {
    return await countClaimed(this.#database.queries);
  }

  /** All details of one image; the lists are empty if it was never wanted. */
  async status(image: string): Promise<ImageStatus> {
    const { queries } = this.#database;
    const rows = await selectWanted(this.#database).where('image', '=', image).execute();
    const unread = await this.#unreadRows(image);
    const known = new Set(rows.map(({ id }) => id));
    const wanted = await readWanted(queries, [...rows, ...unread.filter(({ id }) => !known.has(id))]);
    return {
      image,
      // Another program may have changed the image of a row since the ferry read it.
      wanted: wanted.filter((entry) => entry.image === image).toSorted((a, b) => a.id - b.id),
      copies: await readCopies(queries, [image]),
      pushed: await readPushedOf(queries, image),
      events: await readEventsOf(queries, image, eventsShown),
    };
  }

  /** Rows of `images_for_push`, by row. `wanted`: all that are not withdrawn; `waiting`: pending ones that were tried. */
  async listWanted(
    which: 'wanted' | 'waiting' | WantedState,
    { limit = standardLimit, after }: PageQuery = {},
  ): Promise<Page<WantedEntry>> {
    const { queries } = this.#database;
    const first = selectWanted(this.#database).orderBy('id').limit(limit);
    const all = after === undefined ? first : first.where('id', '>', after);
    const narrowed = () => {
      if (which === 'wanted') return all.where(effectiveStatus, '<>', PushStatus.withdrawn);
      if (which !== 'waiting') return all.where(effectiveStatus, '=', PushStatus[which]);
      return all.where('push_status', '=', PushStatus.pending).where('image', 'in', openImages(this.#database));
    };
    return page(await readWanted(queries, await narrowed().execute()), limit);
  }

  /** Rows of `pushed_images` by ID. */
  async listPushed({ limit = standardLimit, after }: PageQuery = {}): Promise<Page<PushedEntry>> {
    const { queries } = this.#database;
    const first = selectPushed(queries).limit(limit);
    const rows = await (after === undefined ? first : first.where('id', '>', after)).execute();
    return page(await readPushed(queries, rows), limit);
  }

  async #countUnread(): Promise<number> {
    const row = await this.#database.queries
      .selectFrom('images_for_push')
      .select(sql<number>`count(*)`.as('rows'))
      .where(firstRow, 'is', null)
      .where(isNotNormalized)
      .executeTakeFirst();
    return Number(row?.rows ?? 0);
  }

  /** Rows of the image that are not normalized yet, in pages, since there may be many. */
  async #unreadRows(image: string) {
    const found: Awaited<ReturnType<ReturnType<typeof selectWanted>['execute']>> = [];
    for (let after = lowestId - 1; ;) {
      const rows = await selectWanted(this.#database)
        .where(isNotNormalized)
        .where('id', '>', after)
        .orderBy('id')
        .limit(unreadPage)
        .execute();
      found.push(...rows.filter((row) => isRowOf(row, image)));
      const last = rows.at(-1);
      if (last === undefined || rows.length < unreadPage) return found;
      after = last.id;
    }
  }

  /** Undefined if the run is unknown or was deleted. Default: the latest run. */
  async run(id?: string): Promise<RunReport | undefined> {
    return await readRun(this.#database.queries, id);
  }

  /** Runs, the latest first. @param query `cursor`: `next` of the page before */
  async listRuns(query: { readonly limit: number; readonly cursor?: string | undefined }): Promise<RunPage> {
    return await readRuns(this.#database.queries, query);
  }

  async notDone(run: string, limit: number = standardLimit): Promise<readonly NotDoneEntry[]> {
    return await readNotDone(this.#database.queries, run, limit);
  }

  /** State changes after an event's ID, the oldest first; 0 for all. @see readEvents */
  async events(after: number, limit?: number): Promise<readonly StateEvent[]> {
    return await readEvents(this.#database, after, limit);
  }

  /** The newest state changes of an image and its copies, the oldest of them first. */
  async eventsOf(image: string, limit?: number): Promise<readonly StateEvent[]> {
    return await readEventsOf(this.#database.queries, image, limit);
  }
}

function isRowOf(row: Parameters<typeof readUnread>[0], image: string): boolean {
  const unread = readUnread(row);
  return unread !== undefined && !(unread instanceof InvalidInput) && unread.image === image;
}

/** Images with a row that is not withdrawn: copies of other images are not counted. */
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
  // An ID that cannot be read exactly cannot be used to continue.
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
