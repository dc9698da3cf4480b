/** What an action of a person writes into rows: of one image, or of many. */
import { PushStatus } from '../../domain/wanted-image.js';
import type { FerryDatabase } from '../ferry-database.js';
import { pagesOf } from '../insert-rows.js';
import { changeStatus } from './change-status.js';
import { askedAt, forgotten } from './wanted-rows.js';

/**
 * - `retry`: pending again, and requested
 * - `force`: the same, and copied whatever the targets have
 * - `remove`: withdrawn; nothing is deleted from the targets
 * - `backfill`: pending again, after explicit requests
 */
export type RowChange = 'retry' | 'force' | 'remove' | 'backfill';

type Within = Pick<FerryDatabase, 'queries' | 'dialect'>;

/** Changes rows, and records the events. To be called in a transaction. */
export async function changeRows(
  within: Within,
  rows: readonly { readonly id: number }[],
  change: RowChange,
  { at, who }: { readonly at: number; readonly who: string },
): Promise<void> {
  const { status, columns, kind } = changeOf(change, at);
  const ids = rows.map(({ id }) => id);
  for (const page of pagesOf(ids)) await changeStatus(within, page, status, columns, { kind, at, who });
}

function changeOf(change: RowChange, at: number) {
  const wanted = { ...forgotten, requested_at: askedAt(at) };
  switch (change) {
    case 'retry':
      return { status: PushStatus.pending, columns: wanted, kind: 'retried' } as const;
    case 'force':
      return { status: PushStatus.pending, columns: { ...wanted, force_copy: 1 }, kind: 'retried' } as const;
    case 'remove':
      return { status: PushStatus.withdrawn, columns: { ...forgotten, force_copy: null }, kind: 'removed' } as const;
    case 'backfill': {
      const columns = { ...forgotten, checked_at: null, requested_at: null };
      return { status: PushStatus.pending, columns, kind: 'backfill' } as const;
    }
    default:
      return change satisfies never;
  }
}
