/** Incidents and the images in them, within a transaction. */
import { groupRows } from '../domain/group-rows.js';
import type { IncidentChanges, Membership, NewIncident } from '../domain/notifications/incidents.js';
import { namesShown } from '../domain/notifications/notification.js';
import type { CausePlace, IncidentCode, NotificationKind } from '../domain/notifications/notification.js';
import { visibleLines } from '../domain/visible-text.js';
import type { Queries } from './dialect-differences.js';
import { insertRows, pagesOf } from './insert-rows.js';
import type { NotificationIncidentsTable } from './tables.js';

/** An incident that is not over. Times in UTC milliseconds. */
export interface StoredIncident extends CausePlace {
  readonly id: number;
  readonly scope: string;
  readonly key: string;
  readonly kind: NotificationKind;
  readonly code: IncidentCode;
  readonly reason: string;
  readonly isShared: boolean;
  readonly run?: string | undefined;
  readonly what?: string | undefined;
  readonly openedAt: number;
  /** Absent: people were not notified yet. */
  readonly announcedAt?: number | undefined;
}

/** An incident to open, with its images. */
export interface IncidentToOpen extends Omit<StoredIncident, 'id' | 'announcedAt'> {
  readonly images: readonly string[];
}

const longestReason = 4_000;

export async function openIncidents(queries: Queries): Promise<readonly StoredIncident[]> {
  const rows = await queries
    .selectFrom('notification_incidents')
    .selectAll()
    .where('over_at', '=', 0)
    .orderBy('id')
    .execute();
  return rows.map(incidentOfRow);
}

export async function membershipsOf(queries: Queries, images: readonly string[]): Promise<readonly Membership[]> {
  const found: Membership[] = [];
  for (const page of pagesOf(images)) {
    const rows = await queries
      .selectFrom('notification_members')
      .innerJoin('notification_incidents', 'notification_incidents.id', 'notification_members.incident')
      .select(['notification_members.image', 'notification_members.incident', 'notification_incidents.scope'])
      .where('notification_members.image', 'in', page)
      .execute();
    found.push(...rows);
  }
  return found;
}

/** Images of open incidents of a scope, in pages. @param after the last image of the page before */
export async function memberImages(
  queries: Queries,
  { scope, after, limit }: { readonly scope: string; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('notification_members')
    .innerJoin('notification_incidents', 'notification_incidents.id', 'notification_members.incident')
    .select('notification_members.image')
    .distinct()
    .where('notification_incidents.scope', '=', scope)
    .where('notification_members.image', '>', after)
    .orderBy('notification_members.image')
    .limit(limit)
    .execute();
  return rows.map(({ image }) => image);
}

export async function openIncident(queries: Queries, incident: IncidentToOpen): Promise<number> {
  const { images, openedAt, reason, key, isShared, run, what, target, source, ...columns } = incident;
  const row = {
    ...columns,
    cause: key,
    reason: visibleLines(reason).slice(0, longestReason),
    is_shared: isShared ? 1 : 0,
    target: target ?? null,
    source: source ?? null,
    run: run ?? null,
    what: what ?? null,
    images: images.length,
    opened_at: openedAt,
    announced_at: 0,
    over_at: 0,
  };
  const { insertId } = await queries.insertInto('notification_incidents').values(row).executeTakeFirstOrThrow();
  const id = Number(insertId);
  await insertMembers(
    queries,
    images.map((image) => ({ incident: id, image })),
  );
  return id;
}

async function insertMembers(queries: Queries, members: IncidentChanges['joined']): Promise<void> {
  for (const page of pagesOf(members.map(({ incident, image }) => ({ incident, image })))) {
    await insertRows('notification_members', page).execute(queries);
  }
}

/** Writes what `foldReports` found. @returns incidents that lost images, and may be over */
export async function applyChanges(
  queries: Queries,
  { opened, joined, left }: IncidentChanges,
): Promise<readonly number[]> {
  await insertMembers(queries, joined);
  const byIncident = groupRows(left, ({ incident }) => incident);
  for (const [incident, members] of byIncident) {
    for (const page of pagesOf(members.map(({ image }) => image))) {
      await queries
        .deleteFrom('notification_members')
        .where('incident', '=', incident)
        .where('image', 'in', page)
        .execute();
    }
  }
  for (const incident of opened) await openIncident(queries, toOpen(incident));
  return [...byIncident.keys()];
}

/** How many images an incident has now, and the first five. */
export async function imagesOfIncident(
  queries: Queries,
  incident: number,
): Promise<{ readonly images: number; readonly first: readonly string[] }> {
  const members = queries.selectFrom('notification_members').where('incident', '=', incident);
  const { images } = await members.select((is) => is.fn.countAll<number>().as('images')).executeTakeFirstOrThrow();
  const first = await members.select('image').orderBy('image').limit(namesShown).execute();
  return { images: Number(images), first: first.map(({ image }) => image) };
}

export async function announceIncident(queries: Queries, id: number, at: number, images: number): Promise<void> {
  await queries.updateTable('notification_incidents').set({ announced_at: at, images }).where('id', '=', id).execute();
}

export async function endIncident(queries: Queries, id: number, at: number): Promise<void> {
  await queries.deleteFrom('notification_members').where('incident', '=', id).execute();
  await queries.updateTable('notification_incidents').set({ over_at: at }).where('id', '=', id).execute();
}

/** Channels that were notified of an incident. */
export async function channelsOfIncident(queries: Queries, incident: number): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('notifications')
    .select('channel')
    .distinct()
    .where('incident', '=', incident)
    .execute();
  return rows.map(({ channel }) => channel);
}

function toOpen({ cause, scope, at, run, images }: NewIncident): IncidentToOpen {
  return { ...cause, scope, openedAt: at, run, images };
}

type Row = {
  readonly [Column in keyof NotificationIncidentsTable]: Column extends 'id'
    ? number
    : NotificationIncidentsTable[Column];
};

function incidentOfRow(row: Row): StoredIncident {
  const announcedAt = Number(row.announced_at);
  return {
    id: row.id,
    scope: row.scope,
    key: row.cause,
    kind: row.kind as NotificationKind,
    target: row.target ?? undefined,
    source: row.source ?? undefined,
    code: row.code as IncidentCode,
    reason: row.reason,
    isShared: row.is_shared === 1,
    run: row.run ?? undefined,
    what: row.what ?? undefined,
    openedAt: Number(row.opened_at),
    announcedAt: announcedAt === 0 ? undefined : announcedAt,
  };
}
