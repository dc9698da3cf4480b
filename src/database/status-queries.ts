import { sql } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import type { StateEvent } from '../domain/state-change.js';
import { countClaimed } from './adoption/claimed-rows.js';
import { readAudits } from './audits/read-audits.js';
import { newestEvent, readEvents, readEventsOf } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { readPushed, readPushedOf, selectPushed } from './pushed/list-pushed.js';
import { readNotDone, readRun, readRuns } from './run-reports.js';
import { countCopies, countHeld, countStates, countWaiting } from './status-counts.js';
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
  WantedState,
} from './status-views.js';
import { readCopies, readWanted, selectWanted } from './wanted/list-wanted.js';
import { partsOf } from './wanted/rows-by-state.js';
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
    // They take half of the time, and a server counts on two connections at once.
    const [targets, rest] = await Promise.all([countCopies(this.#database.queries), this.#countRows()]);
    return { ...rest, targets };
  }

  async #countRows(): Promise<Omit<Overview, 'targets'>> {
    const { queries } = this.#database;
    const { wanted, blockedBy } = await countStates(queries);
    const waiting = await countWaiting(queries);
    const lastRun = await readRun(queries);
    const [lastAudit] = await readAudits(queries, 1);
    const held = await countHeld(queries);
    const unverified = await countClaimed(queries);
    const unread = await this.#countUnread();
    return {
      wanted,
      waiting,
      ...(unverified === 0 ? {} : { unverified }),
      ...(unread === 0 ? {} : { unread }),
      blockedBy,
      lastRun,
      ...(lastAudit === undefined ? {} : { lastAudit }),
      ...(held === 0 ? {} : { held }),
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
    const rows = [];
    for (const part of partsOf(which)) rows.push(...(await all.where(part).execute()));
    rows.sort((a, b) => a.id - b.id);
    return page(await readWanted(queries, rows.slice(0, limit)), limit);
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

  /** @see newestEvent */
  async newestEvent(): Promise<number> {
    return await newestEvent(this.#database);
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

function page<T extends { readonly id: number }>(items: readonly T[], limit: number): Page<T> {
  const last = items.at(-1);
  // An ID that cannot be read exactly cannot be used to continue.
  const isPlace = last !== undefined && Number.isSafeInteger(last.id);
  return items.length < limit || !isPlace ? { items } : { items, next: last.id };
}
