import { sql } from 'kysely';
import type { ExpressionBuilder, RawBuilder } from 'kysely';

import { CopyState, PushStatus } from '../domain/wanted-image.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import type { FerryDatabase } from './ferry-database.js';
import { pagesOf } from './insert-rows.js';
import { canonicalPlatforms } from './row-shapes.js';
import type { FerryTables } from './tables.js';
import { changeStatus } from './wanted/change-status.js';
import { readSelections } from './wanted/target-selections.js';
import { firstRow, idsOfImages, statusBesideImage, updateWanted } from './wanted/wanted-rows.js';
import type { WantedUpdate } from './wanted/wanted-rows.js';

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

export interface ComparedTag {
  readonly image: string;
  /** What the tag points to at its source. */
  readonly digest: string;
  /** What was known about it before. */
  readonly sourceDigest?: string | undefined;
}

interface AdoptedTags {
  readonly platforms: readonly string[];
  readonly tags: readonly { readonly target: string; readonly reference: string }[];
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

  /** The platforms and target tags of pushed images that were never compared with their source. */
  async adoptedTags(images: readonly string[]): Promise<ReadonlyMap<string, AdoptedTags>> {
    const { queries } = this.#database;
    const found = new Map(
      images.map((image) => [image, { platforms: [] as string[], tags: [] as AdoptedTags['tags'][number][] }]),
    );
    for (const page of pagesOf(images)) {
      const rows = await queries
        .selectFrom('images_for_push')
        .select(['image', 'platform'])
        .where('image', 'in', page)
        .where(statusBesideImage, '=', PushStatus.pushed)
        .execute();
      for (const { image, platform } of rows) found.get(image ?? '')?.platforms.push(canonicalPlatforms(platform));
      const copies = await queries
        .selectFrom('image_copies')
        .select(['image', 'target', 'reference'])
        .where('image', 'in', page)
        .where('state', 'in', [CopyState.adopted, CopyState.pushed])
        .where('reference', 'is not', null)
        .execute();
      for (const { image, target, reference } of copies) {
        found.get(image)?.tags.push({ target, reference: reference ?? '' });
      }
    }
    return found;
  }

  /** Records that tags still point to their digests. For images from older scripts, later checks compare with it. */
  async unmoved(tags: readonly ComparedTag[]): Promise<void> {
    const known = tags.filter(({ digest, sourceDigest }) => digest === sourceDigest);
    const compared = tags.filter(({ digest, sourceDigest }) => digest !== sourceDigest);
    for (const page of pagesOf(known)) await this.#checked(page, {});
    for (const page of pagesOf(compared)) await this.#checked(page, { source_digest: digestOfImage(page) });
  }

  /** Makes images pending again, after explicit requests, and forces a copy even if an older script copied them. */
  async moved(images: readonly string[]): Promise<void> {
    const { dialect, transaction } = this.#database;
    for (const page of pagesOf(images)) {
      await transaction(async (inside) => {
        const ids = await idsOfImages(inside, page, PushStatus.pushed);
        const columns = { force_copy: 1, checked_at: null, requested_at: null };
        const cause = { kind: 'tag-moved', at: await dialect.now(inside) } as const;
        await changeStatus({ queries: inside, dialect }, ids, PushStatus.pending, columns, cause);
      });
    }
  }

  async #checked(tags: readonly ComparedTag[], columns: WantedUpdate): Promise<void> {
    const { dialect, transaction } = this.#database;
    const images = tags.map(({ image }) => image);
    // A transaction, so that it is repeated after a conflict with a copy of one of the images.
    await transaction(async (inside) => {
      await updateWanted(inside, { checked_at: await dialect.now(inside), ...columns })
        .where('image', 'in', images)
        .where(statusBesideImage, '=', PushStatus.pushed)
        .execute();
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
      // Where rollbacks hold every copy, nothing would follow from a tag that moved.
      .where((is) =>
        is.or([
          is.not(is.exists(copiesOf(is).where('held_digest', 'is not', null))),
          is.exists(copiesOf(is).where('held_digest', 'is', null)),
        ]),
      )
      .orderBy('id')
      .limit(pageSize)
      .execute();
  }
}

/** Copies of the image of a row. */
function copiesOf(is: ExpressionBuilder<FerryTables, 'images_for_push'>) {
  return is
    .selectFrom('image_copies')
    .select('image_copies.target')
    .whereRef('image_copies.image', '=', 'images_for_push.image');
}

function digestOfImage(tags: readonly ComparedTag[]): RawBuilder<string> {
  const cases = tags.map(({ image, digest }) => sql`when ${image} then ${digest}`);
  return sql<string>`case image ${sql.join(cases, sql` `)} end`;
}
