import type { ExpressionBuilder } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { rowIdentity } from './row-shapes.js';
import type { RowIdentity } from './row-shapes.js';
import type { FerryTables } from './tables.js';
import { askedAt, forgotten, highestId, lowestId, perRow, setStatus, updateWanted } from './wanted-rows.js';

/** Rows in one transaction: few enough that nobody waits long for them. */
const pageSize = 200;

export interface AdoptedRows {
  readonly adopted: number;
  readonly duplicates: number;
  readonly refused: number;
}

/** The columns that say which image a row asks for. */
const NAMING = ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'] as const;

const COLUMNS = ['id', ...NAMING, 'push_status', 'image_key', 'duplicate_of', 'targets'] as const;

/** One transaction's worth of rows without an identity. @returns undefined when there was none */
export async function adoptPage(queries: Queries, dialect: DialectDifferences): Promise<AdoptedRows | undefined> {
  const rows = await dialect
    .locking(selectRows(queries).select(dialect.holdsNul(NAMING).as('nuls')))
    .where('image_key', 'is', null)
    .where('duplicate_of', 'is', null)
    // Rows that were refused have no identity either, and are looked at again only when somebody makes them pending.
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', 2), is('parked_code', 'is', null)]))
    .execute();
  if (rows.length === 0) return undefined;

  const identities = rows.map((row) => identityOrFault(row));
  const owners = await ownersOf(queries, dialect, identities);
  const adopted: { id: number; status: number; identity: RowIdentity }[] = [];
  const refused: { id: number; fault: InvalidInput }[] = [];
  const followers: Follower[] = [];
  for (const [position, row] of rows.entries()) {
    const identity = identities[position];
    if (identity === undefined) continue;
    if (identity instanceof InvalidInput) {
      refused.push({ id: row.id, fault: identity });
      continue;
    }
    const owner = owners.get(identity.key);
    if (owner === undefined) {
      const status = row.push_status ?? PushStatus.pending;
      owners.set(identity.key, { id: row.id, status, isLimited: row.targets !== null });
      adopted.push({ id: row.id, status, identity });
    } else {
      followers.push({ id: row.id, status: row.push_status ?? PushStatus.pending, owner });
    }
  }
  await giveIdentity(queries, adopted);
  await refuse(queries, refused);
  await follow(queries, dialect, followers);
  return { adopted: adopted.length, duplicates: followers.length, refused: refused.length };
}

async function giveIdentity(
  queries: Queries,
  adopted: readonly { readonly id: number; readonly status: number; readonly identity: RowIdentity }[],
): Promise<void> {
  for (const status of new Set(adopted.map((row) => row.status))) {
    const rows = adopted.filter((row) => row.status === status);
    const named = {
      image: perRow(rows, ({ identity }) => identity.image),
      image_key: perRow(rows, ({ identity }) => identity.key),
    };
    await setStatus(queries, idsOf(rows), status, { ...forgotten, ...named });
  }
}

/** Whether there is anything to adopt: asked first, since looking for it in a transaction locks others out. */
export async function hasRowsToAdopt(queries: Queries): Promise<boolean> {
  const without = queries
    .selectFrom('images_for_push')
    .select('id')
    .where((is) => is.between('id', lowestId, highestId))
    .limit(1);
  const unknown = await without
    .where('image_key', 'is', null)
    .where('duplicate_of', 'is', null)
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', 2), is('parked_code', 'is', null)]))
    .executeTakeFirst();
  if (unknown !== undefined) return true;
  const reset = await without.where(isReset).executeTakeFirst();
  return reset !== undefined || (await orphans(queries, 1)).length > 0;
}

/**
 * Rows that another program made pending since the ferry last saw them: their name may have changed with it, and what
 * was known of them is over. Duplicates go back to the status of the row that they follow.
 * @returns how many there were
 */
export async function reviewResetRows(queries: Queries, dialect: DialectDifferences): Promise<number> {
  const rows = await dialect
    .locking(selectRows(queries).select(dialect.holdsNul(NAMING).as('nuls')))
    .where(isReset)
    .where((is) =>
      is.or([is('image_key', 'is not', null), is('duplicate_of', 'is not', null), is('parked_code', 'is not', null)]),
    )
    .execute();
  const identities = rows.map((row) => identityOrFault(row));
  const owners = await ownersOf(queries, dialect, identities);
  const followers: Follower[] = [];
  const themselves: { id: number }[] = [];
  const renamed: { id: number }[] = [];
  for (const [position, { id, duplicate_of: first }] of rows.entries()) {
    const identity = identities[position];
    const owner = identity === undefined || identity instanceof InvalidInput ? undefined : owners.get(identity.key);
    if (owner !== undefined && owner.id === first) followers.push({ id, status: PushStatus.pending, owner });
    else if (owner?.id === id) themselves.push({ id });
    else renamed.push({ id });
  }
  // They count as asked for: what is being copied is not the answer.
  const asked = { ...forgotten, checked_at: null, requested_at: askedAt(await dialect.now(queries)) };
  await setStatus(queries, idsOf(themselves), PushStatus.pending, asked);
  // Without an identity they are read like new rows.
  const nameless = { image: null, image_key: null, duplicate_of: null, targets: null };
  await setStatus(queries, idsOf(renamed), PushStatus.pending, { ...asked, ...nameless });
  await follow(queries, dialect, followers);
  return rows.length;
}

/** Pending by another program's hand, which may have written NULL for it. */
function isReset(is: ExpressionBuilder<FerryTables, 'images_for_push'>) {
  return is.or([
    is.and([
      is('push_status', '=', PushStatus.pending),
      is.or([is('ferry_status', 'is', null), is('ferry_status', '<>', PushStatus.pending)]),
    ]),
    is.and([is('push_status', 'is', null), is('ferry_status', 'is not', null)]),
  ]);
}

function selectRows(queries: Queries) {
  return queries
    .selectFrom('images_for_push')
    .select(COLUMNS)
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id')
    .limit(pageSize);
}

/** Duplicates whose first row is gone, or became another image, stand for themselves again. */
export async function releaseOrphans(queries: Queries): Promise<void> {
  const ids = await orphans(queries, pageSize);
  if (ids.length === 0) return;
  await updateWanted(queries, { duplicate_of: null }).where('id', 'in', ids).execute();
  await releaseOrphans(queries);
}

async function orphans(queries: Queries, limit: number): Promise<number[]> {
  const rows = await queries
    .selectFrom('images_for_push as duplicate')
    .leftJoin('images_for_push as first', 'first.id', 'duplicate.duplicate_of')
    .select('duplicate.id')
    .where('duplicate.duplicate_of', 'is not', null)
    .where((is) => is.between('duplicate.id', lowestId, highestId))
    .where((is) => is.or([is('first.id', 'is', null), is('first.image_key', 'is', null)]))
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** The first row of an image and platform. */
interface Owner {
  readonly id: number;
  status: number;
  /** It goes to some of the targets only. */
  isLimited: boolean;
}

interface Follower {
  readonly id: number;
  /** What its own row says. */
  readonly status: number;
  readonly owner: Owner;
}

async function ownersOf(
  queries: Queries,
  dialect: DialectDifferences,
  identities: readonly (RowIdentity | InvalidInput)[],
): Promise<Map<string, Owner>> {
  const keys = identities.flatMap((identity) => (identity instanceof InvalidInput ? [] : [identity.key]));
  if (keys.length === 0) return new Map();
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push').select(['id', 'image_key', 'push_status', 'targets']))
    .where('image_key', 'in', [...new Set(keys)])
    .execute();
  const owner = (row: (typeof rows)[number]): Owner => ({
    id: row.id,
    status: row.push_status ?? PushStatus.pending,
    isLimited: row.targets !== null,
  });
  return new Map(rows.map((row) => [row.image_key ?? '', owner(row)]));
}

/**
 * Makes rows the duplicates of others, and gives them the same status. Other programs know no targets: what they want
 * goes to all of them.
 */
async function follow(queries: Queries, dialect: DialectDifferences, followers: readonly Follower[]): Promise<void> {
  if (followers.length === 0) return;
  const renewed = new Set<Owner>();
  for (const { status, owner } of followers) {
    const wantsMore = owner.status === PushStatus.withdrawn || owner.isLimited;
    if (!wantsMore || status !== PushStatus.pending) continue;
    // Somebody inserted what somebody else had withdrawn or limited: without this it would be dropped without a word.
    owner.status = PushStatus.pending;
    owner.isLimited = false;
    renewed.add(owner);
  }
  const status = perRow(followers, ({ owner }) => owner.status);
  await updateWanted(queries, {
    duplicate_of: perRow(followers, ({ owner }) => owner.id),
    push_status: status,
    ferry_status: status,
  })
    .where('id', 'in', idsOf(followers))
    .execute();
  const asked = { ...forgotten, targets: null, requested_at: askedAt(await dialect.now(queries)) };
  await setStatus(queries, idsOf([...renewed]), PushStatus.pending, asked);
}

async function refuse(
  queries: Queries,
  refused: readonly { readonly id: number; readonly fault: InvalidInput }[],
): Promise<void> {
  await setStatus(queries, idsOf(refused), PushStatus.parked, {
    parked_code: perRow(refused, ({ fault }) => fault.code),
    parked_reason: perRow(refused, ({ fault }) => fault.message),
  });
}

function idsOf(rows: readonly { readonly id: number }[]): number[] {
  return rows.map(({ id }) => id);
}

function identityOrFault(
  row: Parameters<typeof rowIdentity>[0] & { readonly nuls: number },
): RowIdentity | InvalidInput {
  if (row.nuls > 0) {
    return new InvalidInput(
      'a column that names the image holds a NUL character: write the name anew',
      'invalid-reference',
    );
  }
  try {
    return rowIdentity(row);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}
