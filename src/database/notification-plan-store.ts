import type { IncidentChanges, Membership } from '../domain/notifications/incidents.js';
import type { StateEvent } from '../domain/state-change.js';
import { readFinishedAudits } from './audits/read-audits.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { newestEvent, noteConsidered, unconsideredEvents } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { insertRows, pagesOf } from './insert-rows.js';
import {
  announceIncident,
  applyChanges,
  channelsOfIncident,
  endIncident,
  imagesOfIncident,
  memberImages,
  membershipsOf,
  openIncident,
  openIncidents,
} from './notification-incidents.js';
import type { IncidentToOpen, StoredIncident } from './notification-incidents.js';
import { rowOfNotification } from './notification-rows.js';
import type { NewNotification } from './notification-rows.js';
import {
  bytesOfImages,
  copiesOf,
  finishedRuns,
  handledReleases,
  noteConsideredRun,
  openImagesOfRun,
  releaseImages,
} from './notification-sources.js';

export interface Cursor {
  readonly position: number;
  readonly note?: string | undefined;
}

/**
 * One planning at a time, whichever processes do it: what was read, incidents and new messages are written together, so that
 * a crash repeats all of it or nothing.
 */
export class NotificationPlanStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  async inTurn<T>(work: (plan: NotificationPlan) => Promise<T>): Promise<T> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (inside) => {
      await dialect.insertAbsent(inside, 'notification_cursors', [{ name: 'turn', position: 0, note: null }], ['name']);
      const turn = inside.selectFrom('notification_cursors').selectAll().where('name', '=', 'turn');
      await dialect.locking(turn).executeTakeFirstOrThrow();
      return await work(new NotificationPlan(inside, dialect, await dialect.now(inside)));
    });
  }
}

/** What a planning reads and writes, in its transaction. */
export class NotificationPlan {
  readonly #queries: Queries;
  readonly #dialect: DialectDifferences;
  /** UTC milliseconds by the database's clock. */
  readonly now: number;

  constructor(queries: Queries, dialect: DialectDifferences, now: number) {
    this.#queries = queries;
    this.#dialect = dialect;
    this.now = now;
  }

  async cursor(name: string): Promise<Cursor | undefined> {
    const row = await this.#queries
      .selectFrom('notification_cursors')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row === undefined ? undefined : { position: Number(row.position), note: row.note ?? undefined };
  }

  async moveCursor(name: string, { position, note }: Cursor): Promise<void> {
    const row = { name, position, note: note ?? null };
    await this.#dialect.upsert(this.#queries, 'notification_cursors', [row], ['name']);
  }

  async newestEvent(): Promise<number> {
    return await newestEvent({ queries: this.#queries, dialect: this.#dialect });
  }

  /** @see unconsideredEvents */
  async events(after: number, limit: number): Promise<readonly StateEvent[]> {
    return await unconsideredEvents(this.#queries, after, limit);
  }

  /** @see noteConsidered */
  readonly noteConsidered = async (events: readonly StateEvent[]) =>
    await noteConsidered({ queries: this.#queries, dialect: this.#dialect }, events);

  /** @see copiesOf */
  readonly copiesOf = async (images: readonly string[]) => await copiesOf(this.#queries, images);
  /** @see finishedRuns */
  readonly finishedRuns = async (after: number) => await finishedRuns(this.#queries, after);
  /** @see readFinishedAudits */
  readonly finishedAudits = async (after: number) => await readFinishedAudits(this.#queries, after);
  /** @see noteConsideredRun */
  readonly noteConsideredRun = async (run: string) => await noteConsideredRun(this.#queries, run);
  /** @see openImagesOfRun */
  readonly openImagesOfRun = async (run: string) => await openImagesOfRun(this.#queries, run);
  /** @see handledReleases */
  readonly handledReleases = async () => await handledReleases(this.#queries);
  /** @see releaseImages */
  readonly releaseImages = async (upstream: string, release: string) =>
    await releaseImages(this.#queries, upstream, release);
  /** @see bytesOfImages */
  readonly bytesOfImages = async (images: readonly string[]) => await bytesOfImages(this.#queries, images);

  async openIncidents(): Promise<readonly StoredIncident[]> {
    return await openIncidents(this.#queries);
  }

  async memberships(images: readonly string[]): Promise<readonly Membership[]> {
    return await membershipsOf(this.#queries, images);
  }

  /** @see memberImages */
  readonly memberImages = async (page: Parameters<typeof memberImages>[1]) => await memberImages(this.#queries, page);

  async openIncident(incident: IncidentToOpen): Promise<number> {
    return await openIncident(this.#queries, incident);
  }

  /** @see applyChanges */
  async apply(changes: IncidentChanges): Promise<readonly number[]> {
    return await applyChanges(this.#queries, changes);
  }

  /** @see imagesOfIncident */
  readonly imagesOf = async (incident: number) => await imagesOfIncident(this.#queries, incident);

  async announce(incident: number, images: number): Promise<void> {
    await announceIncident(this.#queries, incident, this.now, images);
  }

  async end(incident: number): Promise<void> {
    await endIncident(this.#queries, incident, this.now);
  }

  /** @see channelsOfIncident */
  readonly channelsOf = async (incident: number) => await channelsOfIncident(this.#queries, incident);

  async add(messages: readonly NewNotification[]): Promise<void> {
    for (const page of pagesOf(messages.map((message) => rowOfNotification(message, this.now)))) {
      await insertRows('notifications', page).execute(this.#queries);
    }
  }
}
