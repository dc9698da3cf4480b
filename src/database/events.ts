/** `events`: every state change, written in the transaction that makes it. */
import { sql } from 'kysely';

import type { FaultCode } from '../domain/ferry-error.js';
import type { ChangeCause, StateChange, StateEvent } from '../domain/state-change.js';
import { visibleLines } from '../domain/visible-text.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { insertRows, pagesOf } from './insert-rows.js';
import type { EventsTable } from './tables.js';

const longestImage = 600;
const longestWho = 255;
/** A number that is missing for this time, in milliseconds, belongs to a transaction that was rolled back. */
const gapTrustedMs = 15_000;
const standardLimit = 1_000;

/** A change whose kind or author may differ from those of the others. */
export type RecordedChange = StateChange & Partial<Pick<ChangeCause, 'kind' | 'who'>>;

/** Writes changes in a few statements, however many there are. The transaction must be the one that made them. */
export async function recordEvents(
  queries: Queries,
  changes: readonly RecordedChange[],
  cause: ChangeCause,
): Promise<void> {
  const rows = changes.map((change) => ({
    at: cause.at,
    kind: change.kind ?? cause.kind,
    image: change.image.slice(0, longestImage),
    target: change.target ?? '',
    from_state: change.from ?? null,
    to_state: change.to,
    code: change.code ?? null,
    reason: change.reason === undefined ? null : visibleLines(change.reason),
    run: cause.run ?? null,
    who: (change.who ?? cause.who)?.slice(0, longestWho) ?? null,
  }));
  for (const page of pagesOf(rows)) await insertRows('events', page).execute(queries);
}

/**
 * Events after an ID, the oldest first. Transactions that run at once may commit their IDs out of order: where a number
 * is missing, events behind it that are younger than 15 s come with a later call, so that a reader who goes on after the
 * last ID misses none.
 *
 * @param after ID of the last event that was read; 0 for all
 */
export async function readEvents(
  { queries, dialect }: { readonly queries: Queries; readonly dialect: DialectDifferences },
  after: number,
  limit: number = standardLimit,
): Promise<readonly StateEvent[]> {
  const rows = await queries
    .selectFrom('events')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  const settledBefore = (await dialect.now(queries)) - gapTrustedMs;
  let last = after;
  const gap = rows.findIndex(({ id, at }) => {
    const isGap = id !== last + 1 && at > settledBefore;
    last = id;
    return isGap;
  });
  // SQLite has one writer at a time: what is missing there was rolled back, or pruned.
  const safe = gap < 0 || dialect.kind === 'sqlite' ? rows : rows.slice(0, gap);
  return safe.map(stateEvent);
}

/**
 * Events that notifications have not considered yet, the oldest first, however late their transaction was committed.
 *
 * @param after ID of the event after which notifications began
 */
export async function unconsideredEvents(
  queries: Queries,
  after: number,
  limit: number,
): Promise<readonly StateEvent[]> {
  const rows = await queries
    .selectFrom('events')
    .selectAll()
    .where('considered', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(stateEvent);
}

/** In the transaction that writes what follows from them. It waits for no transaction that writes other events. */
export async function noteConsidered(
  { queries, dialect }: { readonly queries: Queries; readonly dialect: DialectDifferences },
  events: readonly StateEvent[],
): Promise<void> {
  for (const page of pagesOf(events)) {
    const ids = sql.join(page.map(({ id }) => id));
    await sql`update ${dialect.byPrimaryKey('events')} set considered = 1 where id in (${ids})`.execute(queries);
  }
}

/**
 * ID of the newest event that a reader who begins now may go on after, without missing one that is committed later; 0 if
 * there is none.
 */
export async function newestEvent(database: {
  readonly queries: Queries;
  readonly dialect: DialectDifferences;
}): Promise<number> {
  const { queries, dialect } = database;
  const settledBefore = (await dialect.now(queries)) - gapTrustedMs;
  const newest = await queries
    .selectFrom('events')
    .select('id')
    .where('at', '<', settledBefore)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  let last = newest?.id ?? 0;
  for (;;) {
    const events = await readEvents(database, last);
    if (events.length === 0) return last;
    last = events.at(-1)?.id ?? last;
  }
}

/** The newest events of an image and its copies, the oldest of them first. */
export async function readEventsOf(
  queries: Queries,
  image: string,
  limit: number = standardLimit,
): Promise<readonly StateEvent[]> {
  const rows = await queries
    .selectFrom('events')
    .selectAll()
    .where('image', '=', image)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse().map(stateEvent);
}

type EventRow = { readonly [Column in keyof EventsTable]: Column extends 'id' ? number : EventsTable[Column] };

function stateEvent(row: EventRow): StateEvent {
  return {
    id: row.id,
    at: row.at,
    kind: row.kind as StateEvent['kind'],
    image: row.image,
    ...(row.target === '' ? {} : { target: row.target }),
    from: (row.from_state ?? undefined) as StateEvent['to'] | undefined,
    to: row.to_state as StateEvent['to'],
    code: (row.code ?? undefined) as FaultCode | undefined,
    reason: row.reason ?? undefined,
    run: row.run ?? undefined,
    who: row.who ?? undefined,
  };
}
