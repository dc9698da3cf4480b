/** Normalizes rows from other programs: each gets an identity, becomes a duplicate, or is refused. */
import { InvalidInput } from '../../domain/ferry-error.js';
import type { ChangeCause, StateChange } from '../../domain/state-change.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import type { FerryDatabase } from '../ferry-database.js';
import type { RowIdentity } from '../row-shapes.js';
import { changeStatus } from '../wanted/change-status.js';
import { forgotten, highestId, lowestId, perRow } from '../wanted/wanted-rows.js';
import { follow, orphans, ownersOf } from './duplicate-rows.js';
import type { Follower } from './duplicate-rows.js';
import { identityOrFault, idsOf, selectNamingRows } from './naming-rows.js';

export interface NormalizedRows {
  readonly adopted: number;
  readonly duplicates: number;
  /** Rows that are blocked from now on: no image can be read from them, and they are not withdrawn. */
  readonly refused: readonly StateChange[];
}

export interface AdoptedPage extends NormalizedRows {
  readonly ids: readonly number[];
}

/** Normalizes one transaction's worth of rows without an identity. @returns undefined if there are none */
export async function normalizePage(queries: Queries, dialect: DialectDifferences): Promise<AdoptedPage | undefined> {
  const rows = await selectNamingRows(queries, dialect).where('is_unread', '=', 1).execute();
  if (rows.length === 0) return undefined;

  const identities = rows.map((row) => identityOrFault(row));
  const owners = await ownersOf(queries, dialect, identities);
  const adopted: { id: number; status: number; identity: RowIdentity }[] = [];
  const refused: Refused[] = [];
  const withdrawn: Refused[] = [];
  const followers: Follower[] = [];
  for (const [position, row] of rows.entries()) {
    const identity = identities[position];
    if (identity === undefined) continue;
    if (identity instanceof InvalidInput) {
      (row.push_status === PushStatus.withdrawn ? withdrawn : refused).push({ id: row.id, fault: identity });
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
  const cause = { kind: 'normalized', at: await dialect.now(queries), who: 'row' } as const;
  await giveIdentity({ queries, dialect }, adopted, cause);
  const blocked = await refuse({ queries, dialect }, refused, cause);
  // They stay withdrawn; the reason keeps them from being read again.
  await changeStatus({ queries, dialect }, idsOf(withdrawn), PushStatus.withdrawn, reasonsOf(withdrawn), cause);
  await follow(queries, dialect, followers);
  return { adopted: adopted.length, duplicates: followers.length, refused: blocked, ids: idsOf(rows) };
}

interface Refused {
  readonly id: number;
  readonly fault: InvalidInput;
}

async function giveIdentity(
  within: Pick<FerryDatabase, 'queries' | 'dialect'>,
  adopted: readonly { readonly id: number; readonly status: number; readonly identity: RowIdentity }[],
  cause: ChangeCause,
): Promise<void> {
  for (const status of new Set(adopted.map((row) => row.status))) {
    const rows = adopted.filter((row) => row.status === status);
    const named = {
      image: perRow(rows, ({ identity }) => identity.image),
      image_key: perRow(rows, ({ identity }) => identity.key),
    };
    const details = new Map(rows.map(({ id, identity }) => [id, { image: identity.image, isNew: true } as const]));
    await changeStatus(within, idsOf(rows), status, { ...forgotten, ...named, verified_at: null }, cause, details);
  }
}

/**
 * Whether there are rows to normalize. Checked outside of a transaction, which would block other writers.
 *
 * @param scope `changed`: without duplicates whose first row was deleted, which only a read of all duplicates shows
 */
export async function hasRowsToNormalize(queries: Queries, scope: 'all' | 'changed'): Promise<boolean> {
  const without = queries
    .selectFrom('images_for_push')
    .select('id')
    .where((is) => is.between('id', lowestId, highestId))
    .limit(1);
  const unread = await without.where('is_unread', '=', 1).executeTakeFirst();
  if (unread !== undefined) return true;
  const reset = await without.where('is_reset', '=', 1).executeTakeFirst();
  return reset !== undefined || (scope === 'all' && (await orphans(queries, 1)).length > 0);
}

async function refuse(
  within: Pick<FerryDatabase, 'queries' | 'dialect'>,
  refused: readonly Refused[],
  cause: ChangeCause,
): Promise<readonly StateChange[]> {
  const details = new Map(
    refused.map(({ id, fault: { code, message: reason } }) => [id, { isNew: true, code, reason } as const]),
  );
  return await changeStatus(within, idsOf(refused), PushStatus.blocked, reasonsOf(refused), cause, details);
}

function reasonsOf(refused: readonly Refused[]) {
  return {
    blocked_code: perRow(refused, ({ fault }) => fault.code),
    blocked_reason: perRow(refused, ({ fault }) => fault.message),
  };
}
