/** Rows that another program made pending again. */
import { InvalidInput } from '../../domain/ferry-error.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { changeStatus } from '../wanted/change-status.js';
import { askedAt, forgotten } from '../wanted/wanted-rows.js';
import { follow, ownersOf } from './duplicate-rows.js';
import type { Follower } from './duplicate-rows.js';
import { identityOrFault, idsOf, selectNamingRows } from './naming-rows.js';

/**
 * Resets rows that another program made pending since the ferry last read them: their image may have changed, and recorded
 * results are no longer valid. Duplicates get the status of their first row again.
 * @returns their IDs
 */
export async function reviewResetRows(queries: Queries, dialect: DialectDifferences): Promise<readonly number[]> {
  const rows = await selectNamingRows(queries, dialect)
    .where('is_reset', '=', 1)
    .where((is) =>
      is.or([is('image_key', 'is not', null), is('duplicate_of', 'is not', null), is('blocked_code', 'is not', null)]),
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
  // They count as requested now: a copy in flight does not answer them.
  const now = await dialect.now(queries);
  const asked = { ...forgotten, checked_at: null, requested_at: askedAt(now) };
  const cause = { kind: 'reset', at: now, who: 'row' } as const;
  await changeStatus({ queries, dialect }, idsOf(themselves), PushStatus.pending, asked, cause);
  // Without an identity they are normalized like new rows.
  const nameless = { image: null, image_key: null, duplicate_of: null, targets: null };
  await changeStatus({ queries, dialect }, idsOf(renamed), PushStatus.pending, { ...asked, ...nameless }, cause);
  await follow(queries, dialect, followers);
  return idsOf(rows);
}
