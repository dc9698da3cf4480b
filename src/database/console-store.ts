import { sql } from 'kysely';

import { CopyState, PushStatus } from '../domain/wanted-image.js';
import { WantedState } from './console-entries.js';
import type {
  ImageStatus,
  NotDoneEntry,
  Overview,
  Page,
  PageQuery,
  PushedEntry,
  RunReport,
  WantedEntry,
} from './console-entries.js';
import type { FerryDatabase } from './ferry-database.js';
import { pruneHistory } from './history-pruning.js';
import type { PrunedHistory, PruneOptions } from './history-pruning.js';
import { readPushed, selectPushed } from './pushed-entries.js';
import { backfill, removeImage, retryAdopted, retryImage, retryParked } from './renewals.js';
import type { Renewed } from './renewals.js';
import { readNotDone, readRun } from './run-reports.js';
import { readCopies, readWanted, selectWanted } from './wanted-entries.js';

const standardLimit = 1_000;

/** What people ask, and what they tell the ferry to do with rows. Images are canonical references. */
export class ConsoleStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** How everything stands. */
  async overview(): Promise<Overview> {
    const { queries } = this.#database;
    const count = sql<number>`count(*)`.as('rows');
    const rows = queries.selectFrom('images_for_push').where('duplicate_of', 'is', null);
    const byStatus = await rows.select(['push_status', count]).groupBy('push_status').execute();
    const parked = await rows
      .select(['parked_code', count])
      .where('push_status', '=', 2)
      .groupBy('parked_code')
      .execute();
    const waiting = await rows
      .select(sql<number>`count(distinct image)`.as('images'))
      .where('push_status', '=', PushStatus.pending)
      .where('image', 'in', openImages(this.#database))
      .executeTakeFirst();
    const copies = await queries
      .selectFrom('image_copies')
      .select(['target', 'state', count])
      .groupBy(['target', 'state'])
      .orderBy('target')
      .execute();
    const lastRun = await readRun(queries);
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
      parkedBy: parked.map((row) => ({ code: row.parked_code ?? 'internal', rows: Number(row.rows) })),
      ...(lastRun === undefined ? {} : { lastRun }),
    };
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

  /** Rows of `images_for_push`, by row: all that are not withdrawn; the parked; or those tried and not done yet. */
  async listWanted(
    which: 'wanted' | 'parked' | 'waiting',
    { limit = standardLimit, after = 0 }: PageQuery = {},
  ): Promise<Page<WantedEntry>> {
    const { queries } = this.#database;
    const all = selectWanted(queries).where('id', '>', after).orderBy('id').limit(limit);
    const narrowed = {
      wanted: () =>
        all.where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', PushStatus.withdrawn)])),
      parked: () => all.where('push_status', '=', PushStatus.parked),
      waiting: () => all.where('push_status', '=', PushStatus.pending).where('image', 'in', openImages(this.#database)),
    };
    return page(await readWanted(queries, await narrowed[which]().execute()), limit);
  }

  /** Rows of `pushed_images`, by row. */
  async listPushed({ limit = standardLimit, after = 0 }: PageQuery = {}): Promise<Page<PushedEntry>> {
    const { queries } = this.#database;
    const rows = await selectPushed(queries).where('id', '>', after).limit(limit).execute();
    return page(await readPushed(queries, rows), limit);
  }

  /** Makes an image, everything parked, or everything that was taken over without copying, pending again. */
  async retry(what: string | { readonly parked: true } | { readonly adopted: true }): Promise<Renewed> {
    if (typeof what === 'string') return await retryImage(this.#database, what);
    return 'parked' in what ? await retryParked(this.#database) : await retryAdopted(this.#database);
  }

  /** Withdraws every row of an image; what is on the targets stays there. */
  async remove(image: string): Promise<Renewed> {
    return await removeImage(this.#database, image);
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

function openImages({ queries }: FerryDatabase) {
  return queries
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('image_copies.state', 'in', [CopyState.waiting, CopyState.failed, CopyState.parked]);
}

function page<T extends { readonly id: number }>(items: readonly T[], limit: number): Page<T> {
  const last = items.at(-1);
  return items.length < limit || last === undefined ? { items } : { items, next: last.id };
}

/** A status that nobody knows counts as pending, beside the known ones. */
function countsByState(
  rows: readonly { readonly push_status: number | null; readonly rows: number }[],
): Record<WantedState, number> {
  const counts = { pending: 0, pushed: 0, parked: 0, withdrawn: 0 };
  for (const { push_status: status, rows: count } of rows)
    counts[WantedState[status ?? 0] ?? 'pending'] += Number(count);
  return counts;
}
