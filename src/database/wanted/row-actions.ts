/** Actions of a person on rows. */
import { CopyState, PushStatus, thereStates } from '../../domain/wanted-image.js';
import type { Queries } from '../dialect-differences.js';
import { effectiveStatus } from '../effective-status.js';
import type { FerryDatabase } from '../ferry-database.js';
import { columnsAsText } from '../row-shapes.js';
import { applyAction, rowsOfAction } from './bulk-actions.js';
import type { BulkAction, BulkRow, BulkRows, BulkSelection } from './bulk-actions.js';
import { changeRows } from './change-rows.js';
import { rowsForTarget } from './target-selections.js';
import { firstRow, highestId, isWanted, lowestId } from './wanted-rows.js';

export interface Renewed {
  readonly images: number;
  readonly rows: number;
}

interface SettledRow {
  readonly id: number;
  readonly image: string | null;
  readonly push_status: number | null;
}

/** Actions of people on rows. Images are canonical references. */
export class RowActions {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Makes an image, all blocked rows, or all adopted images pending again. */
  async retry(what: string | { readonly blocked: true } | { readonly adopted: true }): Promise<Renewed> {
    if (typeof what === 'string') return await retryImage(this.#database, what);
    return 'blocked' in what ? await retryBlocked(this.#database) : await retryAdopted(this.#database);
  }

  /** Withdraws every row of an image; nothing is deleted from the targets. */
  async remove(image: string): Promise<Renewed> {
    return await removeImage(this.#database, image);
  }

  /** Withdraws one row, such as an invalid one, by its ID or by the text that `ferry list` shows as its image. */
  async removeRow(row: number | string): Promise<Renewed> {
    return await removeRow(this.#database, row);
  }

  /** The rows that an action would change. */
  async select(selection: BulkSelection, action: BulkAction): Promise<BulkRows> {
    return await rowsOfAction(this.#database, selection, action);
  }

  /** Changes rows of {@link select}. @param who requests it, for their events */
  async apply(rows: readonly BulkRow[], action: BulkAction, who: string): Promise<Renewed> {
    return await applyAction(this.#database, rows, action, who);
  }

  /** Makes pushed images pending that a target does not have. @returns the number of images */
  async backfill(target: { readonly name: string }): Promise<number> {
    return (await backfill(this.#database, target.name)).images;
  }
}

/**
 * Forces a copy of the image even if its targets have it: also if it was only adopted, or if it waits because a copy would
 * replace content of another program. Withdrawn rows stay withdrawn.
 */
async function retryImage(database: FerryDatabase, image: string): Promise<Renewed> {
  return await renew(database, { isAnew: true }, async (queries) => {
    return await selectRows(queries).where('image', '=', image).where(isWanted).execute();
  });
}

/** Including rows that do not identify an image: a person may have corrected them. */
async function retryBlocked(database: FerryDatabase): Promise<Renewed> {
  return await renew(database, { isAnew: false }, async (queries) => {
    return await selectRows(queries).where(effectiveStatus, '=', PushStatus.blocked).execute();
  });
}

async function retryAdopted(database: FerryDatabase): Promise<Renewed> {
  return await renew(database, { isAnew: false }, async (queries) => {
    const adopted = queries.selectFrom('image_copies').select('image_copies.image');
    return await selectRows(queries)
      .where('push_status', '=', PushStatus.pushed)
      .where('image', 'in', adopted.where('image_copies.state', '=', CopyState.adopted))
      .execute();
  });
}

async function removeImage(database: FerryDatabase, image: string): Promise<Renewed> {
  return await database.transaction(async (inside) => {
    const rows = await selectRows(inside).where('image', '=', image).where(isWanted).execute();
    return await withdraw({ ...database, queries: inside }, rows);
  });
}

/** Withdraws a row by its ID, or every invalid row with these columns. */
async function removeRow(database: FerryDatabase, row: number | string): Promise<Renewed> {
  return await database.transaction(async (inside) => {
    const within = { ...database, queries: inside };
    const rows = selectRows(inside)
      .select(['source_registry_url', 'orig_name_space', 'orig_image_name'])
      .where(isWanted);
    if (typeof row === 'number') return await withdraw(within, await rows.where('id', '=', row).execute());
    const nameless = await rows.where('image', 'is', null).execute();
    return await withdraw(
      within,
      nameless.filter((one) => columnsAsText(one) === row),
    );
  });
}

async function withdraw(
  within: Pick<FerryDatabase, 'queries' | 'dialect'>,
  rows: readonly SettledRow[],
): Promise<Renewed> {
  await changeRows(within, rows, 'remove', await byPerson(within));
  return counted(rows);
}

/** Makes pushed rows pending whose image has the target but was never pushed to it or found there. Explicit requests come first. */
async function backfill(database: FerryDatabase, target: string): Promise<Renewed> {
  return await database.transaction(async (inside) => {
    const lacking = await selectRows(inside)
      .select('targets')
      .where('push_status', '=', PushStatus.pushed)
      .where('image', 'is not', null)
      .where((is) =>
        is.not(
          is.exists(
            is
              .selectFrom('image_copies')
              .select('image_copies.target')
              .whereRef('image_copies.image', '=', 'images_for_push.image')
              .where('image_copies.target', '=', target)
              .where('image_copies.state', 'in', thereStates),
          ),
        ),
      )
      .execute();
    const rows = await rowsForTarget(inside, lacking, target);
    const within = { ...database, queries: inside };
    await changeRows(within, rows, 'backfill', await byPerson(within));
    return counted(rows);
  });
}

async function renew(
  database: FerryDatabase,
  /** Force a copy of rows that are not pushed, too. Pushed rows are always forced. */
  { isAnew }: { readonly isAnew: boolean },
  find: (queries: Queries) => Promise<readonly SettledRow[]>,
): Promise<Renewed> {
  return await database.transaction(async (inside) => {
    const within = { ...database, queries: inside };
    const by = await byPerson(within);
    const rows = await find(inside);
    const pushed = rows.filter((row) => row.push_status === PushStatus.pushed);
    const others = rows.filter((row) => row.push_status !== PushStatus.pushed);
    await changeRows(within, pushed, 'force', by);
    await changeRows(within, others, isAnew ? 'force' : 'retry', by);
    return counted(rows);
  });
}

async function byPerson({
  queries,
  dialect,
}: Pick<FerryDatabase, 'queries' | 'dialect'>): Promise<{ readonly at: number; readonly who: string }> {
  return { at: await dialect.now(queries), who: 'cli' };
}

function selectRows(queries: Queries) {
  return queries
    .selectFrom('images_for_push')
    .select(['id', 'image', 'push_status'])
    .where(firstRow, 'is', null)
    .where((is) => is.between('id', lowestId, highestId))
    .orderBy('id');
}

function counted(rows: readonly SettledRow[]): Renewed {
  return { images: new Set(rows.map(({ id, image }) => image ?? id)).size, rows: rows.length };
}
