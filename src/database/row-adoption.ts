import { InvalidInput } from '../domain/ferry-error.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { rowIdentity } from './row-shapes.js';
import type { RowIdentity } from './row-shapes.js';
import { askedAt, forgotten, setStatus, updateWanted } from './wanted-rows.js';

/** Rows in one transaction: few enough that nobody waits long for them. */
const pageSize = 200;

export interface AdoptedRows {
  readonly adopted: number;
  readonly duplicates: number;
  readonly refused: number;
}

const COLUMNS = [
  'id',
  'source_registry_url',
  'orig_name_space',
  'orig_image_name',
  'platform',
  'push_status',
  'image_key',
  'duplicate_of',
  'targets',
] as const;

/** One transaction's worth of rows without an identity. @returns undefined when there was none */
export async function adoptPage(queries: Queries, dialect: DialectDifferences): Promise<AdoptedRows | undefined> {
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push').select(COLUMNS).limit(pageSize).orderBy('id'))
    .where('image_key', 'is', null)
    .where('duplicate_of', 'is', null)
    // Rows that were refused have no identity either, and are looked at again only when somebody makes them pending.
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', 2), is('parked_code', 'is', null)]))
    .execute();
  if (rows.length === 0) return undefined;

  const tally = { adopted: 0, duplicates: 0, refused: 0 };
  const identities = rows.map((row) => identityOrFault(row));
  const owners = await ownersOf(queries, dialect, identities);
  for (const [position, row] of rows.entries()) {
    const identity = identities[position];
    if (identity === undefined || identity instanceof InvalidInput) {
      await refuse(queries, row.id, identity);
      tally.refused += 1;
      continue;
    }
    const status = statusOf(row);
    const owner = owners.get(identity.key);
    if (owner === undefined) {
      await setStatus(queries, [row.id], status, { ...forgotten, image: identity.image, image_key: identity.key });
      owners.set(identity.key, { id: row.id, key: identity.key, status, isLimited: row.targets !== null });
      tally.adopted += 1;
    } else {
      owners.set(identity.key, await follow(queries, dialect, row, owner));
      tally.duplicates += 1;
    }
  }
  return tally;
}

/** Whether there is anything to adopt: asked first, since looking for it in a transaction locks others out. */
export async function hasRowsToAdopt(queries: Queries): Promise<boolean> {
  const without = queries.selectFrom('images_for_push').select('id').limit(1);
  const unknown = await without
    .where('image_key', 'is', null)
    .where('duplicate_of', 'is', null)
    .where((is) => is.or([is('push_status', 'is', null), is('push_status', '<>', 2), is('parked_code', 'is', null)]))
    .executeTakeFirst();
  if (unknown !== undefined) return true;
  const reset = await without
    .where('push_status', '=', PushStatus.pending)
    .where((is) => is.or([is('ferry_status', 'is', null), is('ferry_status', '<>', PushStatus.pending)]))
    .executeTakeFirst();
  return reset !== undefined || (await orphans(queries, 1)).length > 0;
}

/**
 * Rows that another program made pending since the ferry last saw them: their name may have changed with it, and what
 * was known of them is over. Duplicates go back to the status of the row that they follow.
 * @returns how many there were
 */
export async function reviewResetRows(queries: Queries, dialect: DialectDifferences): Promise<number> {
  const rows = await dialect
    .locking(queries.selectFrom('images_for_push').select(COLUMNS).limit(pageSize).orderBy('id'))
    .where('push_status', '=', PushStatus.pending)
    .where((is) => is.or([is('ferry_status', 'is', null), is('ferry_status', '<>', PushStatus.pending)]))
    .where((is) =>
      is.or([is('image_key', 'is not', null), is('duplicate_of', 'is not', null), is('parked_code', 'is not', null)]),
    )
    .execute();
  const now = await dialect.now(queries);
  const identities = rows.map((row) => identityOrFault(row));
  const owners = await ownersOf(queries, dialect, identities);
  for (const [position, row] of rows.entries()) {
    const identity = identities[position];
    const owner = identity === undefined || identity instanceof InvalidInput ? undefined : owners.get(identity.key);
    if (owner !== undefined && owner.id === row.duplicate_of) {
      owners.set(owner.key, await follow(queries, dialect, row, owner));
    } else {
      const isItself = owner?.id === row.id;
      // Without an identity it is read like a new row. It counts as asked for: what is being copied is not the answer.
      const identityColumns = isItself ? {} : { image: null, image_key: null, duplicate_of: null, targets: null };
      const asked = { ...forgotten, ...identityColumns, checked_at: null, requested_at: askedAt(now) };
      await setStatus(queries, [row.id], PushStatus.pending, asked);
    }
  }
  return rows.length;
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
    .where((is) => is.or([is('first.id', 'is', null), is('first.image_key', 'is', null)]))
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

interface Owner {
  readonly id: number;
  readonly key: string;
  readonly status: PushStatus;
  /** It goes to some of the targets only. */
  readonly isLimited: boolean;
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
  const owners = rows.map((row) => ({
    id: row.id,
    key: row.image_key ?? '',
    status: statusOf(row),
    isLimited: row.targets !== null,
  }));
  return new Map(owners.map((owner) => [owner.key, owner]));
}

/**
 * Makes a row the duplicate of another, and gives it the same status. Other programs know no targets: what they want
 * goes to all of them.
 */
async function follow(
  queries: Queries,
  dialect: DialectDifferences,
  row: { readonly id: number; readonly push_status: number | null },
  owner: Owner,
): Promise<Owner> {
  await updateWanted(queries, { duplicate_of: owner.id }).where('id', '=', row.id).execute();
  const wantsMore = owner.status === PushStatus.withdrawn || owner.isLimited;
  if (!wantsMore || statusOf(row) !== PushStatus.pending) {
    await setStatus(queries, [row.id], owner.status);
    return owner;
  }
  // Somebody inserted what somebody else had withdrawn or limited: without this it would be dropped without a word.
  await setStatus(queries, [owner.id], PushStatus.pending, {
    ...forgotten,
    targets: null,
    requested_at: askedAt(await dialect.now(queries)),
  });
  return { ...owner, status: PushStatus.pending, isLimited: false };
}

function statusOf({ push_status: status }: { readonly push_status: number | null }): PushStatus {
  return (status ?? PushStatus.pending) as PushStatus;
}

async function refuse(queries: Queries, id: number, fault: InvalidInput | undefined): Promise<void> {
  await setStatus(queries, [id], PushStatus.parked, {
    parked_code: fault?.code ?? 'invalid-reference',
    parked_reason: fault?.message ?? 'the row names no image',
  });
}

function identityOrFault(row: Parameters<typeof rowIdentity>[0]): RowIdentity | InvalidInput {
  try {
    return rowIdentity(row);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}
