import { parseImageReference } from '@image-ferry/registry/reference';
import { sql } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import type { PendingPlan, RefusedRow } from '../domain/plan-types.js';
import type { Target } from '../domain/target.js';
import { beforeFirstRow, PushStatus } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import { wantedTargets } from '../domain/wanted-targets.js';
import { candidatesAmong } from './adoption/adoption-candidates.js';
import type { UncopiedRow } from './adoption/adoption-candidates.js';
import { countClaimed } from './adoption/claimed-rows.js';
import { identityOrFault, namingColumns } from './adoption/naming-rows.js';
import { RowIndex } from './adoption/row-index.js';
import type { FerryDatabase } from './ferry-database.js';
import { pagesOf } from './insert-rows.js';
import { columnsAsText, rowIdentity, wantedImage } from './row-shapes.js';
import { highestId } from './wanted/wanted-rows.js';

/** Rows per query. */
const pageSize = 1000;
/** Minimum number of rows whose images are returned together. */
const rowsTogether = 300;

/** Reads what a run would find, without normalizing rows or changing anything. */
export class PlanStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Canonical hosts of pending rows, without duplicates and invalid values.
   *
   * @param limit maximum number of distinct column values that are read
   */
  async pendingHosts(limit: number): Promise<readonly string[]> {
    const rows = await this.#database.queries
      .selectFrom('images_for_push')
      .select('source_registry_url')
      .distinct()
      .where(sql<boolean>`coalesce(push_status, 0) = ${PushStatus.pending}`)
      .where('id', '<=', highestId)
      .limit(limit)
      .execute();
    const hosts = rows.flatMap(({ source_registry_url: registry }) => registryHost(registry) ?? []);
    return [...new Set(hosts)];
  }

  /**
   * Read from the original columns, so that rows that other programs inserted since the last run are included. Images are
   * in the order of their first rows, some hundred at a time, so that tables of any size can be planned.
   */
  async *pendingImages(targets: readonly Target[]): AsyncGenerator<readonly PendingPlan[]> {
    let ids: number[] = [];
    for (const group of (await this.#index()).groups()) {
      ids.push(...group);
      if (ids.length < rowsTogether) continue;
      yield await this.#imagesOf(ids, targets);
      ids = [];
    }
    if (ids.length > 0) yield await this.#imagesOf(ids, targets);
  }

  /** Rows that another program marked as pushed and the ferry never verified, without duplicates. */
  async unverified(): Promise<number> {
    return await countClaimed(this.#database.queries);
  }

  /** Pending rows that do not identify an image, with the reason, in pages. */
  async *refusedRows(): AsyncGenerator<readonly RefusedRow[]> {
    for await (const page of this.#pages()) {
      yield page.flatMap((row) => {
        if ((row.push_status ?? 0) !== PushStatus.pending) return [];
        const identity = identityOrFault(row);
        return identity instanceof InvalidInput
          ? [{ row: row.id, text: columnsAsText(row), reason: identity.message }]
          : [];
      });
    }
  }

  async #index(): Promise<RowIndex> {
    const index = new RowIndex();
    for await (const page of this.#pages()) {
      for (const row of page) {
        const identity = identityOrFault(row);
        if (identity instanceof InvalidInput) continue;
        index.add(identity.image, row.id, (row.push_status ?? 0) === PushStatus.pending);
      }
    }
    return index;
  }

  /** @param ids all rows of some images, grouped by image */
  async #imagesOf(ids: readonly number[], targets: readonly Target[]): Promise<readonly PendingPlan[]> {
    const rowsOf = new Map<string, WantedImage[]>();
    const uncopied: UncopiedRow[] = [];
    for (const row of await this.#rows(ids)) {
      const identity = identityOrFault(row);
      if (identity instanceof InvalidInput) continue;
      const { image } = identity;
      const wanted = wantedImage(row, image);
      rowsOf.set(image, [...(rowsOf.get(image) ?? []), wanted]);
      if (wanted.status === PushStatus.pending && row.force_copy === null) uncopied.push({ ...row, image });
    }
    const adoptable = await this.#adoptable(uncopied, targets);
    return [...rowsOf].flatMap(([image, rows]) => {
      const pending = rows.filter(({ status }) => status === PushStatus.pending);
      if (pending.length === 0) return [];
      const toAdopt = pending.every(({ id }) => adoptable.has(id));
      const force = rows.some(({ forceCopy }) => forceCopy === true);
      return [{ image, platforms: wantedSelection(rows), targets: wantedTargets(rows), toAdopt, force }];
    });
  }

  /** @returns IDs of rows; none for a target that only a Docker daemon can access */
  async #adoptable(rows: readonly UncopiedRow[], targets: readonly Target[]): Promise<ReadonlySet<number>> {
    const { queries } = this.#database;
    const behindDaemons = new Set(targets.filter(({ engine }) => engine === 'docker').map(({ name }) => name));
    const ids = new Set<number>();
    for (const page of pagesOf(rows)) {
      const copied = await queries
        .selectFrom('image_copies')
        .select('image')
        .where(
          'image',
          'in',
          page.map(({ image }) => image),
        )
        .where('last_pushed_at', 'is not', null)
        .execute();
      const ofFerry = new Set(copied.map(({ image }) => image));
      const left = page.filter(({ image }) => !ofFerry.has(image));
      for (const { rowId, copies } of await candidatesAmong(queries, left, targets)) {
        if (!copies.some(({ target }) => behindDaemons.has(target))) ids.add(rowId);
      }
    }
    return ids;
  }

  async *#pages() {
    for (let after = beforeFirstRow; ;) {
      const page = await this.#selected().where('id', '>', after).orderBy('id').limit(pageSize).execute();
      yield page;
      after = page.at(-1)?.id ?? after;
      if (page.length < pageSize) return;
    }
  }

  /** In the order of the given IDs, without deleted rows. */
  async #rows(ids: readonly number[]) {
    const found = await Promise.all(
      pagesOf(ids).map(async (page) => await this.#selected().where('id', 'in', page).execute()),
    );
    const places = new Map(ids.map((id, place) => [id, place]));
    const placeOf = ({ id }: { readonly id: number }): number => places.get(id) ?? 0;
    return found.flat().sort((a, b) => placeOf(a) - placeOf(b));
  }

  #selected() {
    return this.#database.queries
      .selectFrom('images_for_push')
      .select(['id', ...namingColumns, 'push_status'])
      .select(this.#database.dialect.holdsNul(namingColumns).as('nuls'))
      .select(['source_digest', 'checked_at', 'first_missing_at', 'blocked_code', 'blocked_reason', 'targets'])
      .select('force_copy')
      .where('duplicate_of', 'is', null)
      .where(sql<boolean>`coalesce(push_status, 0) <> ${PushStatus.withdrawn}`)
      .where('id', '<=', highestId);
  }
}

function registryHost(column: string | null): string | undefined {
  try {
    const row = { source_registry_url: column, orig_name_space: '', orig_image_name: 'any/image', platform: '' };
    return parseImageReference(rowIdentity(row).image).host;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
