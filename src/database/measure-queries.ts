/** Numbers about all images for metrics. Each comes from an index; none reads a row of an image that is pushed. */
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';

import { awayCodes } from '../domain/ferry-error.js';
import type { ImageState } from '../domain/state-change.js';
import { readUtc } from '../domain/utc-time.js';
import { CopyState, PushStatus, thereStates } from '../domain/wanted-image.js';
import { readAudits } from './audits/read-audits.js';
import type { FerryDatabase } from './ferry-database.js';
import { OverviewQueries } from './overview-queries.js';
import { countStates } from './status-counts.js';
import { firstRow, isWanted } from './wanted/wanted-rows.js';

/** The newest audits: those that are older say nothing about which targets are checked. */
const auditsRead = 100;
/** SQLite uses an index for a range, and not for `is not null`. */
const isDrifted = sql<SqlBool>`drift > ''`;

/** Numbers about all images. They only read. */
export class MeasureQueries {
  readonly #database: FerryDatabase;
  readonly #overview: OverviewQueries;

  constructor(database: FerryDatabase) {
    this.#database = database;
    this.#overview = new OverviewQueries(database);
  }

  /** @throws DatabaseFault when the database does not answer */
  async assertReachable(): Promise<void> {
    const { dialect, queries } = this.#database;
    await dialect.now(queries);
  }

  /** Wanted images by state, as lists of images show them. */
  async images(): Promise<Readonly<Record<ImageState, number>>> {
    const { wanted } = await countStates(this.#database.queries);
    const { waiting, retrying } = await this.#overview.tried();
    const { pushed, blocked, withdrawn } = wanted;
    // Between the two queries a run may have recorded something.
    return { pending: Math.max(0, wanted.pending - waiting - retrying), waiting, retrying, blocked, pushed, withdrawn };
  }

  /** How long the oldest request for a pending image waits, by the database's clock; 0 if nothing is pending. Seconds. */
  async oldestPendingSeconds(): Promise<number> {
    const { dialect, queries } = this.#database;
    const pending = queries
      .selectFrom('images_for_push')
      .where('push_status', '=', PushStatus.pending)
      .where(firstRow, 'is', null);
    const known = await pending.select(sql<number | null>`min(requested_at)`.as('at')).executeTakeFirst();
    // Rows of other programs have the older column alone.
    const older = await pending
      .select(sql<string | null>`min(add_time)`.as('at'))
      .where('requested_at', 'is', null)
      .executeTakeFirst();
    const times = [known?.at ?? undefined, readUtc(older?.at)].flatMap((at) => (at === undefined ? [] : [Number(at)]));
    if (times.length === 0) return 0;
    return Math.max(0, (await dialect.now(queries)) - Math.min(...times)) / 1_000;
  }

  /**
   * Which targets answered when they were last tried. One without copies counts as up: nothing says otherwise.
   *
   * @param targets names of the configured targets
   */
  async targetsUp(targets: readonly string[]): Promise<readonly { readonly target: string; readonly isUp: boolean }[]> {
    const { queries } = this.#database;
    if (targets.length === 0) return [];
    const away = await queries
      .selectFrom('image_copies')
      .select(['target', sql<number | string>`max(last_tried_at)`.as('at')])
      .where('target', 'in', targets)
      .where('state', 'in', [CopyState.retrying, CopyState.waiting])
      .where('code', 'in', awayCodes)
      .groupBy('target')
      .execute();
    const standing = new Map<string, boolean>();
    for (const { target, at } of away) standing.set(target, await this.#hasAnsweredSince(target, Number(at)));
    return targets.map((target) => ({ target, isUp: standing.get(target) ?? true }));
  }

  /**
   * Copies of wanted images that an audit, whichever it was, found lost, changed or incomplete, and that nothing has found
   * or made right since then.
   *
   * @param targets names of the configured targets
   * @returns undefined if there was no audit; without targets that none has checked
   */
  async drift(
    targets: readonly string[],
  ): Promise<readonly { readonly target: string; readonly images: number }[] | undefined> {
    const { queries } = this.#database;
    const finished = (await readAudits(queries, auditsRead)).filter(({ finishedAt }) => finishedAt !== undefined);
    if (finished.length === 0) return undefined;
    const checked = finished.flatMap(({ summary }) => summary.targets.filter((one) => one.checked > 0));
    const rows = await queries
      .selectFrom('image_copies')
      .select(['target', sql<number>`count(*)`.as('images')])
      .where(isDrifted)
      .where((is) =>
        is.exists(
          is
            .selectFrom('images_for_push')
            .select('images_for_push.id')
            .whereRef('images_for_push.image', '=', 'image_copies.image')
            .where(isWanted),
        ),
      )
      .groupBy('target')
      .execute();
    const found = new Map(rows.map(({ target, images }) => [target, Number(images)]));
    const known = new Set([...checked.map(({ target }) => target), ...found.keys()]);
    return targets.filter((target) => known.has(target)).map((target) => ({ target, images: found.get(target) ?? 0 }));
  }

  async #hasAnsweredSince(target: string, time: number): Promise<boolean> {
    const answered = await this.#database.queries
      .selectFrom('run_outcomes')
      .select('recorded_at')
      .where('recorded_at', '>', time)
      .where('target', '=', target)
      .where('state', 'in', thereStates)
      .limit(1)
      .executeTakeFirst();
    return answered !== undefined;
  }
}
