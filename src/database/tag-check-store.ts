import { CopyState, PushStatus } from '../domain/wanted-image.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import type { FerryDatabase } from './ferry-database.js';
import { canonicalPlatforms } from './row-shapes.js';
import { changeStatus } from './wanted/change-status.js';
import { readSelections } from './wanted/target-selections.js';
import { firstRow, idsOfImages, statusBesideImage, updateWanted } from './wanted/wanted-rows.js';

/** Rows per query. */
const pageSize = 500;

/** A pushed image whose tag must be checked at the source. */
export interface PushedTag {
  readonly rowId: number;
  readonly image: string;
  /** The source digest when it was copied; absent if an older script copied it. */
  readonly sourceDigest?: string | undefined;
  readonly targets: TargetSelection;
}

/** Finds pushed images to check for moved tags, and records the results. */
export class TagCheckStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Pushed images that no run has checked since `before` (UTC ms), after row `after`, at most `limit`, by row, with their
   * targets.
   */
  async pushedTags(query: {
    readonly before: number;
    readonly after: number;
    readonly limit: number;
    readonly matches: (image: string) => boolean;
  }): Promise<readonly PushedTag[]> {
    const tags = await this.#tags(query);
    const selections = await readSelections(
      this.#database.queries,
      tags.map(({ image }) => image),
    );
    return tags.map((tag) => ({ ...tag, targets: selections.get(tag.image) ?? 'all' }));
  }

  async #tags(query: Parameters<TagCheckStore['pushedTags']>[0]): Promise<readonly Omit<PushedTag, 'targets'>[]> {
    const found = new Map<string, Omit<PushedTag, 'targets'>>();
    for (let last = query.after; ;) {
      const rows = await this.#page(query.before, last);
      for (const { id, image, source_digest: digest } of rows) {
        if (image === null || found.has(image) || !query.matches(image)) continue;
        found.set(image, { rowId: id, image, sourceDigest: digest ?? undefined });
        if (found.size === query.limit) return [...found.values()];
      }
      last = rows.at(-1)?.id ?? last;
      if (rows.length < pageSize) return [...found.values()];
    }
  }

  /** The platforms and target tags of a pushed image that was never compared with its source. */
  async adoptedTags(image: string): Promise<{
    readonly platforms: readonly string[];
    readonly tags: readonly { readonly target: string; readonly reference: string }[];
  }> {
    const { queries } = this.#database;
    const rows = await queries
      .selectFrom('images_for_push')
      .select('platform')
      .where('image', '=', image)
      .where(statusBesideImage, '=', PushStatus.pushed)
      .execute();
    const copies = await queries
      .selectFrom('image_copies')
      .select(['target', 'reference'])
      .where('image', '=', image)
      .where('state', 'in', [CopyState.adopted, CopyState.pushed])
      .where('reference', 'is not', null)
      .execute();
    return {
      platforms: rows.map(({ platform }) => canonicalPlatforms(platform)),
      tags: copies.map(({ target, reference }) => ({ target, reference: reference ?? '' })),
    };
  }

  /** Records that the tag still points to `digest`. For an image from an older script, later checks compare with it. */
  async unmoved(image: string, digest: string): Promise<void> {
    const { queries, dialect } = this.#database;
    await updateWanted(queries, { checked_at: await dialect.now(queries), source_digest: digest })
      .where('image', '=', image)
      .where(statusBesideImage, '=', PushStatus.pushed)
      .execute();
  }

  /** Makes the image pending again, after explicit requests, and forces a copy even if an older script copied it. */
  async moved(image: string): Promise<void> {
    const { dialect, transaction } = this.#database;
    await transaction(async (inside) => {
      const ids = await idsOfImages(inside, [image], PushStatus.pushed);
      const columns = { force_copy: 1, checked_at: null, requested_at: null };
      const cause = { kind: 'tag-moved', at: await dialect.now(inside) } as const;
      await changeStatus({ queries: inside, dialect }, ids, PushStatus.pending, columns, cause);
    });
  }

  async #page(before: number, after: number) {
    const { queries, dialect } = this.#database;
    // A future check time comes from a clock that was ahead: it does not count.
    const now = await dialect.now(queries);
    return await queries
      .selectFrom('images_for_push')
      .select(['id', 'image', 'source_digest'])
      .where('push_status', '=', PushStatus.pushed)
      .where(firstRow, 'is', null)
      .where('image', 'is not', null)
      .where((is) =>
        is.or([
          is('checked_at', 'is', null),
          is('checked_at', '<', before),
          is('checked_at', '>', now),
          // Adopted, perhaps by this run, and never compared with its source.
          is('source_digest', 'is', null),
        ]),
      )
      .where('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .execute();
  }
}
