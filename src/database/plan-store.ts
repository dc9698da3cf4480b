import { sql } from 'kysely';

import { InvalidInput } from '../domain/ferry-error.js';
import type { PlatformSelection } from '../domain/platform.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { WantedImage } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { wantedTargets } from '../domain/wanted-targets.js';
import type { FerryDatabase } from './ferry-database.js';
import { rowIdentity, wantedImage } from './row-shapes.js';

/** An image that a pass would look at. */
export interface PendingImage {
  readonly image: string;
  readonly platforms: PlatformSelection;
  readonly targets: TargetSelection;
}

export interface PendingImages {
  readonly images: readonly PendingImage[];
  /** Rows that name no image, with the reason: a pass would park them. */
  readonly refused: readonly { readonly row: number; readonly reason: string }[];
}

/** Rows read at once. */
const pageSize = 1000;

/** What a pass would find, read without giving rows an identity or anything else. */
export class PlanStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** By the rows' own words: those that other programs have inserted since the last pass are among them. */
  async pending(): Promise<PendingImages> {
    const rowsOf = new Map<string, WantedImage[]>();
    const refused: { row: number; reason: string }[] = [];
    for (let after = 0; ;) {
      const page = await this.#page(after);
      for (const row of page) {
        try {
          const { image } = rowIdentity(row);
          const rows = rowsOf.get(image) ?? [];
          rows.push(wantedImage(row, image));
          rowsOf.set(image, rows);
        } catch (error) {
          if (!(error instanceof InvalidInput)) throw error;
          if ((row.push_status ?? 0) === PushStatus.pending) refused.push({ row: row.id, reason: error.message });
        }
      }
      after = page.at(-1)?.id ?? after;
      if (page.length < pageSize) break;
    }
    const images = [...rowsOf].flatMap(([image, rows]) =>
      rows.some(({ status }) => status === PushStatus.pending)
        ? [{ image, platforms: wantedSelection(rows), targets: wantedTargets(rows) }]
        : [],
    );
    return { images, refused };
  }

  async #page(after: number) {
    return await this.#database.queries
      .selectFrom('images_for_push')
      .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'push_status'])
      .select(['source_digest', 'checked_at', 'first_missing_at', 'parked_code', 'parked_reason', 'targets'])
      .where('duplicate_of', 'is', null)
      .where(sql<boolean>`coalesce(push_status, 0) <> ${PushStatus.withdrawn}`)
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .execute();
  }
}
