/** Rows of `images_for_push` and `image_copies` as `ferry list` and `ferry status` show them. */
import { InvalidInput } from '../../domain/ferry-error.js';
import { CopyState, PushStatus } from '../../domain/wanted-image.js';
import type { RequestedBy } from '../../domain/wanted-image.js';
import { namingColumns } from '../adoption/naming-rows.js';
import type { Queries } from '../dialect-differences.js';
import { isClaimedRow, shownStatusOf, unworkable } from '../effective-status.js';
import type { FerryDatabase } from '../ferry-database.js';
import { pagesOf } from '../insert-rows.js';
import { readJsonColumn } from '../json-column.js';
import { canonicalPlatforms, columnsAsText } from '../row-shapes.js';
import type { RowIdentity } from '../row-shapes.js';
import { WantedState } from '../status-views.js';
import type { CopyEntry, WantedEntry } from '../status-views.js';
import type { ImageCopies } from '../tables.js';
import { targetSelection } from './target-selections.js';
import { readUnread } from './unread-rows.js';
import { firstRow } from './wanted-rows.js';

const notReadYet = 'written by another program and not read yet: the next sync run reads it';
const neverVerified = 'marked as pushed by another program, never verified: the next sync checks every target';

/** Rows without duplicates; the caller adds conditions. */
export function selectWanted({ queries, dialect }: Pick<FerryDatabase, 'queries' | 'dialect'>) {
  return queries
    .selectFrom('images_for_push')
    .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'push_status', 'image'])
    .select(['blocked_code', 'blocked_reason', 'note', 'requested_by', 'requested_at', 'checked_at'])
    .select(['first_missing_at', 'source_digest', 'targets', 'ferry_status', 'verified_at', 'image_key'])
    .select(dialect.holdsNul(namingColumns).as('nuls'))
    .where(firstRow, 'is', null);
}

type SelectedWantedRow = Awaited<ReturnType<ReturnType<typeof selectWanted>['execute']>>[number];

/** The reasons of pending rows come from the image's copies. */
export async function readWanted(
  queries: Queries,
  rows: readonly SelectedWantedRow[],
): Promise<readonly WantedEntry[]> {
  const pending = rows.flatMap(({ image, push_status: status }) => (status === 0 && image !== null ? [image] : []));
  const byImage = new Map<string, CopyEntry[]>();
  for (const copy of await readCopies(queries, [...new Set(pending)])) {
    const known = byImage.get(copy.image);
    if (known === undefined) byImage.set(copy.image, [copy]);
    else known.push(copy);
  }
  return rows.map((row) => wantedEntry(row, byImage.get(row.image ?? '') ?? []));
}

export async function readCopies(queries: Queries, images: readonly string[]): Promise<readonly CopyEntry[]> {
  const copies: CopyEntry[] = [];
  for (const page of pagesOf(images)) {
    const rows = await queries
      .selectFrom('image_copies')
      .selectAll()
      .where('image', 'in', page)
      .orderBy('image')
      .orderBy('target')
      .execute();
    copies.push(...rows.map(copyEntry));
  }
  return copies;
}

function wantedEntry(row: SelectedWantedRow, copies: readonly CopyEntry[]): WantedEntry {
  const unread = readUnread(row);
  if (unread !== undefined) return unreadEntry(row, unread);
  const state = WantedState[shownStatusOf(row)];
  const open = state === 'pending' ? openReason(copies) : unworkable(row);
  const openStates = state === 'pending' ? statesOfOpen(copies) : [];
  const code = row.blocked_code ?? open?.code;
  const reason = row.blocked_reason ?? open?.reason;
  const targets = targetSelection(row.targets);
  const note = isClaimedRow(row) ? neverVerified : row.note;
  return {
    id: row.id,
    image: row.image ?? columnsAsText(row),
    platform: platformText(row.platform),
    state,
    ...(openStates.length === 0 ? {} : { open: openStates }),
    code,
    reason,
    note: note ?? undefined,
    requestedBy: readRequestedBy(row.requested_by),
    requestedAt: row.requested_at ?? undefined,
    checkedAt: row.checked_at ?? undefined,
    firstMissingAt: row.first_missing_at ?? undefined,
    sourceDigest: row.source_digest ?? undefined,
    ...(targets === 'all' ? {} : { targets }),
  };
}

/** A row by its current columns; earlier results may belong to another image. */
function unreadEntry(row: SelectedWantedRow, unread: RowIdentity | InvalidInput): WantedEntry {
  const fault = unworkable(row) ?? (unread instanceof InvalidInput ? unreadFault(row, unread) : undefined);
  const note = isClaimedRow(row) ? neverVerified : notReadYet;
  return {
    id: row.id,
    image: unread instanceof InvalidInput ? columnsAsText(row) : unread.image,
    platform: unread instanceof InvalidInput ? platformText(row.platform) : unread.platform,
    state: WantedState[shownStatusOf(row)],
    code: fault?.code,
    reason: fault?.reason,
    note,
    requestedBy: readRequestedBy(row.requested_by),
  };
}

function unreadFault(
  { push_status: status }: SelectedWantedRow,
  { code, message }: InvalidInput,
): { readonly code: string; readonly reason: string } {
  return { code, reason: status === PushStatus.withdrawn ? message : `${message}; the next sync run blocks this row` };
}

/** A text of another program is shown unchanged. */
function readRequestedBy(column: string | null): RequestedBy | undefined {
  if (column === null) return undefined;
  const value = readJsonColumn(column);
  const isRequestedBy = typeof value === 'object' && value !== null && 'by' in value;
  return isRequestedBy ? (value as RequestedBy) : { by: 'row', id: column };
}

function openReason(copies: readonly CopyEntry[]): { code?: string; reason?: string } {
  const open = copies.filter(({ state }) => state !== CopyState.pushed && state !== CopyState.adopted);
  const [first] = open;
  if (first?.code === undefined) return {};
  const isShared = open.every(({ reason }) => reason === first.reason);
  const reasons = open.map(({ target, reason = '' }) => `${target}: ${reason}`);
  return { code: first.code, reason: isShared ? (first.reason ?? '') : reasons.join('; ') };
}

function statesOfOpen(copies: readonly CopyEntry[]): readonly CopyState[] {
  const found = new Set(copies.map(({ state }) => state));
  return [CopyState.blocked, CopyState.retrying, CopyState.waiting].filter((state) => found.has(state));
}

function copyEntry(row: ImageCopies): CopyEntry {
  const dropped = readJsonColumn(row.dropped);
  return {
    image: row.image,
    target: row.target,
    state: row.state as CopyState,
    code: row.code ?? undefined,
    reason: row.reason ?? undefined,
    reference: row.reference ?? undefined,
    digest: row.digest ?? undefined,
    sourceDigest: row.source_digest ?? undefined,
    attempts: row.attempts,
    lastTriedAt: row.last_tried_at,
    replaced: row.replaced ?? undefined,
    backup: row.backup ?? undefined,
    ...(Array.isArray(dropped) ? { dropped: dropped as NonNullable<CopyEntry['dropped']> } : {}),
    ...(row.drift === null ? {} : { drift: row.drift as NonNullable<CopyEntry['drift']> }),
    ...(row.held_digest === null
      ? {}
      : { held: { digest: row.held_digest, at: row.held_at ?? undefined, by: row.held_by ?? undefined } }),
    ...(row.rollback_to === null ? {} : { rollbackTo: row.rollback_to }),
  };
}

function platformText(column: string | null): string {
  try {
    return canonicalPlatforms(column);
  } catch (error) {
    if (error instanceof InvalidInput) return column ?? '';
    throw error;
  }
}
