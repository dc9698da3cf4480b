import type { UploadHabits } from '@image-ferry/registry/upload-records';
import { sql } from 'kysely';

import type { ImageState } from '../domain/state-change.js';
import { CopyState, thereStates } from '../domain/wanted-image.js';
import type { FerryDatabase } from './ferry-database.js';
import { HostHabitStore } from './host-habit-store.js';
import { openCauses } from './open-causes.js';
import type { OpenCause } from './open-causes.js';
import { isAnnouncedBy } from './wanted/image-conditions.js';
import { countImages } from './wanted/list-images.js';

/** What runs did in an hour. */
export interface PushedInHour {
  /** Start of the hour, UTC milliseconds. */
  readonly at: number;
  readonly images: number;
  readonly bytesRead: number;
  readonly bytesSent: number;
}

/** What is recorded of a target. */
export interface TargetStanding {
  readonly copies: Readonly<Partial<Record<CopyState, number>>>;
  /** Wanted images that it does not have. */
  readonly missing: number;
  readonly repositories: number;
  /** Different first parts of the paths of these repositories. */
  readonly namespaces: number;
  /** What was learned about its uploads. */
  readonly uploads?: UploadHabits | undefined;
  readonly learnedAt?: number | undefined;
}

/** Times in UTC milliseconds. */
export interface HandledRelease {
  readonly release?: string | undefined;
  readonly handledAt: number;
  readonly checkedAt: number;
}

/** The last handled release of an upstream, and where its images are. */
export interface ReleaseStanding extends HandledRelease {
  readonly images: number;
  readonly targets: readonly { readonly target: string; readonly pushed: number }[];
}

/** The first part of the path, of `host/first/other`, with its slash. */
const path = sql`substr(target_repository, length(target_registry) + 2)`;
const namespace = sql`substr(${path}, 1, instr(${path}, '/'))`;
const hourMs = 60 * 60 * 1_000;
/** Of one release. */
const mostImages = 1_000;

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

  /** What is recorded of a target. */
  async target({ name, registry }: { readonly name: string; readonly registry: string }): Promise<TargetStanding> {
    const { queries } = this.#database;
    const copies = await queries
      .selectFrom('image_copies')
      .select(['state', sql<number>`count(*)`.as('rows')])
      .where('target', '=', name)
      .groupBy('state')
      .execute();
    const repositories = await queries
      .selectFrom('target_names')
      .select([sql<number>`count(*)`.as('rows'), sql<number>`count(distinct ${namespace})`.as('namespaces')])
      .where('target_registry', '=', registry)
      .where((is) => is.or([is('target', '=', name), is('target', 'is', null)]))
      .executeTakeFirst();
    const learned = await new HostHabitStore(this.#database).read(registry);
    return {
      copies: Object.fromEntries(copies.map(({ state, rows }) => [state, Number(rows)])),
      missing: await countImages(this.#database, { target: name, state: 'missing' }),
      repositories: Number(repositories?.rows ?? 0),
      namespaces: Number(repositories?.namespaces ?? 0),
      uploads: learned?.habits,
      learnedAt: learned?.learnedAt,
    };
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

  /** The last handled release of an upstream; undefined until one was handled. */
  async handled(upstream: string): Promise<HandledRelease | undefined> {
    const { queries } = this.#database;
    const row = await queries.selectFrom('upstreams').selectAll().where('name', '=', upstream).executeTakeFirst();
    if (row === undefined) return undefined;
    return { release: row.release_tag ?? undefined, handledAt: row.handled_at, checkedAt: row.checked_at };
  }

  /** The same, with where its images are. */
  async release(upstream: string): Promise<ReleaseStanding | undefined> {
    const { queries } = this.#database;
    const handled = await this.handled(upstream);
    if (handled === undefined) return undefined;
    const wanted = await queries
      .selectFrom('images_for_push')
      .select('image')
      .distinct()
      .where(isAnnouncedBy(upstream, handled.release))
      .where('image', 'is not', null)
      .limit(mostImages)
      .execute();
    const images = wanted.flatMap(({ image }) => image ?? []);
    if (images.length === 0) return { ...handled, images: 0, targets: [] };
    const copies = await queries
      .selectFrom('image_copies')
      .select(['target', sql<number>`count(*)`.as('pushed')])
      .where('image', 'in', images)
      .where('state', 'in', thereStates)
      .groupBy('target')
      .execute();
    const targets = copies.map(({ target, pushed }) => ({ target, pushed: Number(pushed) }));
    return { ...handled, images: images.length, targets };
  }
}
