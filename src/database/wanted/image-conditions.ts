/** Filters of wanted images in SQL. */
import { sql } from 'kysely';
import type { Expression, ExpressionBuilder, RawBuilder, SqlBool } from 'kysely';

import type { ImageFilter } from '../../domain/image-filter.js';
import { CopyState, PushStatus, thereStates } from '../../domain/wanted-image.js';
import { effectiveStatus } from '../effective-status.js';
import { announcedLength } from '../migrations/0002-ferry-columns.js';
import type { FerryTables } from '../tables.js';
import { firstRow } from './wanted-rows.js';

type Is = ExpressionBuilder<FerryTables, 'images_for_push'>;
type Condition = Expression<SqlBool>;

const latestTime = Date.UTC(9999, 0);

/** Nothing was requested since a run recorded its outcome: the states of its copies are those of the row. */
const isTried = sql<SqlBool>`checked_at is not null and (requested_at is null or requested_at < checked_at)`;

/** The conditions of a filter, without duplicates of rows. */
export function imageConditions(is: Is, filter: ImageFilter): Condition {
  return is.and([
    is(firstRow, 'is', null),
    ...stateConditions(is, filter),
    ...Object.values({
      search: (): Condition | undefined =>
        given(filter.search, (text) => sql`instr(lower(image), ${text.toLowerCase()}) > 0`),
      // A range of an index would be sorted by ID before the first page.
      host: () => given(filter.host, (host) => sql`instr(image, ${`${host}/`}) = 1`),
      upstream: () => given(filter.upstream, (name) => sql`instr(requested_by, ${announcedBy(name)}) = 1`),
      code: () => given(filter.code, (code) => hasCode(is, code)),
      olderThan: () =>
        given(filter.olderThan, (time) =>
          is.and([
            is.or([is('checked_at', 'is', null), is('checked_at', '<', time)]),
            is.or([is('requested_at', 'is', null), is('requested_at', '<', time)]),
            is.or([sql<SqlBool>`coalesce(checked_at, requested_at) is not null`, is('add_time', '<', addTime(time))]),
          ]),
        ),
    }).flatMap((condition) => condition() ?? []),
  ]);
}

function given<T>(value: T | undefined, condition: (value: T) => Condition): Condition | undefined {
  return value === undefined ? undefined : condition(value);
}

/** As in the column of the older scripts, UTC. */
function addTime(time: number): string {
  return new Date(Math.min(time, latestTime)).toISOString().slice(0, 19).replace('T', ' ');
}

/** How `requested_by` begins, which is written by `JSON.stringify`: by an upstream, or by one of its releases. */
function announcedBy(upstream: string, release?: string): string {
  const known = JSON.stringify({ by: 'upstream', id: upstream, release });
  return known.slice(0, -1);
}

/** Rows that an upstream announced, or one of its releases, found by an index. */
export function isAnnouncedBy(upstream: string, release?: string): RawBuilder<SqlBool> {
  const beginning = announcedBy(upstream, release);
  // The column has the beginning alone, and a range needs an end: no character is above U+10FFFF.
  const indexed = Array.from(beginning).slice(0, announcedLength).join('');
  return sql<SqlBool>`(announced_by >= ${indexed} and announced_by < ${`${indexed}\u{10ffff}`}
    and instr(requested_by, ${beginning}) = 1)`;
}

function stateConditions(is: Is, { state = 'wanted', target }: ImageFilter): Condition[] {
  if (target !== undefined) return [...onTarget(is, target), ...stateOnTarget(is, state, target)];
  const hasCopy = (copyState: CopyState) => is('image', 'in', copiesIn(is, copyState));
  const isOpen = is.and([is('push_status', '=', PushStatus.pending), isTried]);
  switch (state) {
    case 'wanted':
      return [is(effectiveStatus, '<>', PushStatus.withdrawn)];
    case 'missing':
      return [is(effectiveStatus, 'in', [PushStatus.pending, PushStatus.blocked])];
    case 'retrying':
      return [isOpen, hasCopy(CopyState.retrying)];
    case 'waiting':
      return [isOpen, hasCopy(CopyState.waiting), is.not(hasCopy(CopyState.retrying))];
    case 'pending': {
      const isWaiting = is.and([isTried, is.or([hasCopy(CopyState.waiting), hasCopy(CopyState.retrying)])]);
      return [is(effectiveStatus, '=', PushStatus.pending), is.or([is('image', 'is', null), is.not(isWaiting)])];
    }
    // These are found by an index.
    case 'withdrawn':
      return [is('push_status', '=', PushStatus.withdrawn)];
    case 'pushed':
      return [is('push_status', '=', PushStatus.pushed), is(sql`+is_claimed`, 'is', null)];
    case 'blocked':
      return [is(effectiveStatus, '=', PushStatus.blocked)];
    default:
      return state satisfies never;
  }
}

/** Rows for this target: all that name no targets, and those that name it. */
function onTarget(is: Is, target: string): Condition[] {
  return [is.or([is('targets', 'is', null), sql<SqlBool>`instr(targets, ${JSON.stringify(target)}) > 0`])];
}

function stateOnTarget(is: Is, state: NonNullable<ImageFilter['state']>, target: string): Condition[] {
  const there = (...states: readonly CopyState[]) => is('image', 'in', copiesIn(is, states, target));
  const pushed = isPushedTo(is, target);
  const isWanted = is(effectiveStatus, '<>', PushStatus.withdrawn);
  switch (state) {
    case 'wanted':
      return [isWanted];
    case 'withdrawn':
      return [is(effectiveStatus, '=', PushStatus.withdrawn)];
    case 'pushed':
      return [isWanted, pushed];
    case 'missing':
      return [isWanted, is.not(pushed)];
    case 'pending':
      return [
        is(effectiveStatus, '=', PushStatus.pending),
        is.or([is('image', 'is', null), is.not(there(...Object.values(CopyState)))]),
      ];
    default:
      return [isWanted, there(state)];
  }
}

/** Nearly all rows are. A number, in place of `exists`, makes MariaDB look up each row, so that a page ends early. */
function isPushedTo(is: Is, target: string): Condition {
  const copies = is
    .selectFrom('image_copies')
    .select(sql<number>`count(*)`.as('copies'))
    .whereRef('image_copies.image', '=', 'images_for_push.image')
    .where('image_copies.target', '=', target)
    .where('image_copies.state', 'in', thereStates);
  return is(copies, '>', 0);
}

function copiesIn(is: Is, states: CopyState | readonly CopyState[], target?: string) {
  const copies = is
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('image_copies.state', 'in', [states].flat());
  return target === undefined ? copies : copies.where('image_copies.target', '=', target);
}

function hasCode(is: Is, code: string): Condition {
  const copies = is
    .selectFrom('image_copies')
    .select('image_copies.image')
    .where('image_copies.code', '=', code)
    .where('image_copies.state', 'in', [CopyState.waiting, CopyState.retrying, CopyState.blocked]);
  return is.or([
    is('blocked_code', '=', code),
    is.and([is('push_status', '=', PushStatus.pending), is('image', 'in', copies)]),
  ]);
}
