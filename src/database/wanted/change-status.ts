/** The one way in which rows of `images_for_push` change their status outside of a copy's outcome: with its events. */
import type { FaultCode } from '../../domain/ferry-error.js';
import { openState } from '../../domain/state-change.js';
import type { ChangeCause, ImageState, StateChange } from '../../domain/state-change.js';
import { visibleLines } from '../../domain/visible-text.js';
import { CopyState, PushStatus, readPushStatus } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { shownStatusOf } from '../effective-status.js';
import { recordEvents } from '../events.js';
import { columnsAsText } from '../row-shapes.js';
import { WantedState } from '../status-views.js';
import type { ImagesForPush } from '../tables.js';
import { writeStatus } from './wanted-rows.js';
import type { WantedUpdate } from './wanted-rows.js';

/** Characters of an image that no row names, but its columns. */
const longestImage = 600;

/** The columns by which the state of a row is known. */
export type RowState = Pick<
  ImagesForPush,
  'image' | 'push_status' | 'ferry_status' | 'verified_at' | 'checked_at' | 'requested_at'
> & { readonly id: number };

/** What a caller knows better than the row that is about to change. */
export interface ChangeDetails {
  readonly image?: string;
  /** The ferry knew nothing of the row before. */
  readonly isNew?: true;
  readonly code?: FaultCode | undefined;
  readonly reason?: string | undefined;
  readonly who?: string | undefined;
}

/**
 * Sets the status of rows and of the duplicates that follow them, and records what changed: a row that had this state
 * before makes no event, so that work which is repeated makes none either.
 *
 * @param details by row id
 * @returns one change for each row whose state is another one now
 */
export async function changeStatus(
  { queries, dialect }: { readonly queries: Queries; readonly dialect: DialectDifferences },
  ids: readonly number[],
  status: number,
  columns: WantedUpdate,
  cause: ChangeCause,
  details: ReadonlyMap<number, ChangeDetails> = new Map(),
): Promise<readonly StateChange[]> {
  // One that the driver could not read exactly would be another row's.
  const exact = ids.filter((id) => Number.isSafeInteger(id));
  if (exact.length === 0) return [];
  const before = await dialect
    .locking(queries.selectFrom('images_for_push'))
    .select(['id', 'image', 'push_status', 'ferry_status', 'verified_at', 'checked_at', 'requested_at'])
    .select(['source_registry_url', 'orig_name_space', 'orig_image_name'])
    .where('id', 'in', exact)
    .orderBy('id')
    .execute();
  const open = await openStates(queries, before);
  await writeStatus(queries, exact, status, columns);
  const isClaim = status === PushStatus.pushed && columns.verified_at === null;
  const to = isClaim ? 'pending' : WantedState[readPushStatus(status)];
  const changes = before.flatMap((row): (StateChange & { readonly who?: string | undefined })[] => {
    const { isNew, image, ...known } = details.get(row.id) ?? {};
    const from = isNew === true ? undefined : stateOfRow(row, open);
    if (from === to) return [];
    const name = image ?? row.image ?? visibleLines(columnsAsText(row)).slice(0, longestImage);
    return [{ ...known, image: name, from, to }];
  });
  await recordEvents(queries, changes, cause);
  return changes;
}

/** State of a row before a change, as the ferry last knew it. */
export function stateOfRow(row: RowState, open: ReadonlyMap<string, ImageState>): ImageState {
  const { push_status: status, ferry_status: written } = row;
  const isReset = (status ?? PushStatus.pending) === PushStatus.pending && (written ?? 0) !== PushStatus.pending;
  if (isReset) return WantedState[readPushStatus(written)];
  const shown = WantedState[shownStatusOf(row)];
  return shown === 'pending' && isTried(row) ? (open.get(row.image ?? '') ?? shown) : shown;
}

/** By image, whether pending rows that a run has tried are waiting or retrying. */
async function openStates(queries: Queries, rows: readonly RowState[]): Promise<ReadonlyMap<string, ImageState>> {
  const tried = rows.filter((row) => row.push_status === PushStatus.pending && isTried(row));
  const images = [...new Set(tried.flatMap(({ image }) => image ?? []))];
  if (images.length === 0) return new Map();
  const copies = await queries
    .selectFrom('image_copies')
    .select(['image', 'state'])
    .where('image', 'in', images)
    .where('state', 'in', [CopyState.waiting, CopyState.retrying])
    .execute();
  return openStatesOf(copies);
}

export function openStatesOf(
  copies: readonly { readonly image: string; readonly state: string }[],
): ReadonlyMap<string, ImageState> {
  const states = new Map<string, string[]>();
  for (const { image, state } of copies) states.set(image, [...(states.get(image) ?? []), state]);
  return new Map([...states].map(([image, some]) => [image, openState(some) ?? 'pending']));
}

/** Nothing was requested since a run recorded its outcome. */
function isTried({ checked_at: checked, requested_at: requested }: RowState): boolean {
  return checked !== null && (requested === null || requested < checked);
}
