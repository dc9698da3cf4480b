import { sql } from 'kysely';

import type { ImageState } from '../domain/state-change.js';
import { CopyState } from '../domain/wanted-image.js';
import type { FerryDatabase } from './ferry-database.js';
import { openCauses } from './open-causes.js';
import type { OpenCause } from './open-causes.js';
import type { UpstreamsTable } from './tables.js';
import { announcedBy } from './wanted/image-conditions.js';
import { countImages } from './wanted/list-images.js';

/** What runs did in an hour. */
export interface PushedInHour {
  /** Start of the hour, UTC milliseconds. */
  readonly at: number;
  readonly images: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
}

/** The last handled release of an upstream, and where its images are. */
export interface ReleaseStanding {
  readonly release?: string | undefined;
  readonly handledAt: number;
  readonly checkedAt: number;
  readonly images: number;
  readonly targets: readonly { readonly target: string; readonly pushed: number }[];
}

const hourMs = 60 * 60 * 1_000;

/** Figures about all images together. They only read. */
export class OverviewQueries {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Of pending rows, how many a run has tried: `waiting` and `retrying` as lists of images show them. */
  async tried(): Promise<Pick<Record<ImageState, number>, 'waiting' | 'retrying'>> {
    const waiting = await countImages(this.#database, { state: 'waiting' });
    return { waiting, retrying: await countImages(this.#database, { state: 'retrying' }) };
  }

  /** Wanted images that a target does not have. */
  async missing(target: string): Promise<number> {
    return await countImages(this.#database, { target, state: 'missing' });
  }

  /** @see openCauses */
  async causes(): Promise<readonly OpenCause[]> {
    return await openCauses(this.#database);
  }

  /** Hours without a push are left out. @param since UTC milliseconds */
  async pushedOverTime(since: number): Promise<readonly PushedInHour[]> {
    const { queries } = this.#database;
    const hour = sql<number>`recorded_at - recorded_at % ${hourMs}`;
    const isPushed = sql`target = '' and state = ${CopyState.pushed}`;
    const rows = await queries
      .selectFrom('run_outcomes')
      .select(hour.as('hour'))
      .select(sql<number>`sum(case when ${isPushed} then 1 else 0 end)`.as('images'))
      .select(sql<number | string>`sum(case when target = '' then bytes_read else 0 end)`.as('read'))
      .select(sql<number | string>`sum(bytes_sent)`.as('sent'))
      .where('recorded_at', '>=', since)
      .groupBy('hour')
      .orderBy('hour')
      .execute();
    return rows.map((row) => ({
      at: Number(row.hour),
      images: Number(row.images),
      bytesRead: Number(row.read),
      bytesSent: Number(row.sent),
    }));
  }

  /** Undefined until a release was handled. */
  async release(upstream: string): Promise<ReleaseStanding | undefined> {
    const { queries } = this.#database;
    const row = await queries.selectFrom('upstreams').selectAll().where('name', '=', upstream).executeTakeFirst();
    return row === undefined ? undefined : await this.#standing(row);
  }

  async #standing(row: UpstreamsTable): Promise<ReleaseStanding> {
    const { queries } = this.#database;
    const prefix = announcedBy(row.name, row.release_tag ?? undefined);
    const wanted = await queries
      .selectFrom('images_for_push')
      .select('image')
      .distinct()
      .where(sql<boolean>`instr(requested_by, ${prefix}) = 1`)
      .where('image', 'is not', null)
      .execute();
    const images = wanted.flatMap(({ image }) => image ?? []);
    const copies =
      images.length === 0
        ? []
        : await queries
            .selectFrom('image_copies')
            .select(['target', sql<number>`count(*)`.as('pushed')])
            .where('image', 'in', images.slice(0, 1_000))
            .where('state', 'in', [CopyState.pushed, CopyState.adopted])
            .groupBy('target')
            .execute();
    return {
      release: row.release_tag ?? undefined,
      handledAt: row.handled_at,
      checkedAt: row.checked_at,
      images: images.length,
      targets: copies.map(({ target, pushed }) => ({ target, pushed: Number(pushed) })),
    };
  }
}
