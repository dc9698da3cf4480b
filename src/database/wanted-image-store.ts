import { sql } from 'kysely';

import { imageKey } from '../domain/image-key.js';
import { printImageReference } from '../domain/image-reference.js';
import { rowFromReference } from '../domain/legacy-row.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { RequestedBy, WantedImage, WantedRequest, WantedResult } from '../domain/wanted-image.js';
import { isWider, uniteTargets } from '../domain/wanted-targets.js';
import type { TargetSelection } from '../domain/wanted-targets.js';
import { DatabaseFault } from './database-fault.js';
import type { Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';
import { takeOverPushedRows } from './pushed-row-takeover.js';
import { adoptPage, hasRowsToAdopt, releaseOrphans, reviewResetRows } from './row-adoption.js';
import type { AdoptedRows } from './row-adoption.js';
import { canonicalPlatforms, isStillItself, storableImage, wantedImage } from './row-shapes.js';
import { utcText } from './sqlite-parameters.js';
import { imagesSharingTag, reviewPushed } from './tag-sharing.js';
import { targetsColumn, targetSelection } from './target-selections.js';
import { askedAt, forgotten, setStatus, updateWanted } from './wanted-rows.js';

/** The rows of `images_for_push`: who wants which image. */
export class WantedImageStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Reads what other programs inserted or reset: gives rows an identity, marks duplicates, parks what cannot mean
   * anything; and reads new rows of `pushed_images`. Several workers may do it at once.
   */
  async adoptRows(): Promise<AdoptedRows> {
    const { queries, dialect, transaction } = this.#database;
    const total = { adopted: 0, duplicates: 0, refused: 0 };
    await takeOverPushedRows(this.#database);
    if (!(await hasRowsToAdopt(queries))) return total;

    let reviewed = 0;
    do {
      reviewed = await transaction((inside) => reviewAndRelease(inside));
    } while (reviewed > 0);
    for (;;) {
      const page = await transaction((inside) => adoptPage(inside, dialect));
      if (page === undefined) return total;
      total.adopted += page.adopted;
      total.duplicates += page.duplicates;
      total.refused += page.refused;
    }

    async function reviewAndRelease(inside: Queries): Promise<number> {
      const rows = await reviewResetRows(inside, dialect);
      await releaseOrphans(inside);
      return rows;
    }
  }

  /**
   * Images with a pending row that no pass has finished with since `since` (UTC ms), or that were asked for again
   * since it did: explicitly asked ones first, in the order of asking; then by row.
   */
  async pendingImages({
    since,
    limit,
  }: {
    readonly since: number;
    readonly limit: number;
  }): Promise<readonly { readonly image: string; readonly explicit: boolean }[]> {
    const isAsked = sql<number>`case when requested_at is not null and (checked_at is null or requested_at >= checked_at)
      then requested_at end`;
    const rows = await this.#database.queries
      .selectFrom('images_for_push')
      .select(['image', sql<number | null>`min(${isAsked})`.as('asked_at')])
      .where('push_status', '=', PushStatus.pending)
      .where('image', 'is not', null)
      .where((is) =>
        is.or([
          is('checked_at', 'is', null),
          is('checked_at', '<', since),
          is('requested_at', '>=', is.ref('checked_at')),
        ]),
      )
      .groupBy('image')
      .orderBy(sql`case when min(${isAsked}) is null then 1 else 0 end`)
      .orderBy(sql`min(${isAsked})`)
      .orderBy(sql`min(id)`)
      .limit(limit)
      .execute();
    return rows.map(({ image, asked_at: askedAt }) => ({ image: image ?? '', explicit: askedAt !== null }));
  }

  /** Images that have one tag on a target, `image` among them if it is wanted; the first wanted first. */
  async imagesSharingTag(image: string): Promise<readonly string[]> {
    return await imagesSharingTag(this.#database.queries, image);
  }

  /** Makes pushed rows of these images pending again: what is on the targets may not be theirs any more. */
  async reviewPushed(images: readonly string[]): Promise<void> {
    await this.#database.transaction(async (inside) => await reviewPushed(inside, images));
  }

  /** All rows of one image, any status, without duplicates; and when they were read, by the database's clock. */
  async wantedRows(image: string): Promise<{ readonly rows: readonly WantedImage[]; readonly readAt: number }> {
    const { queries, dialect } = this.#database;
    // The time first: what is asked for while the rows are being read counts as asked for later.
    const now = await dialect.now(queries);
    const rows = await queries
      .selectFrom('images_for_push')
      .select(['id', 'source_registry_url', 'orig_name_space', 'orig_image_name', 'platform', 'push_status'])
      .select(['image_key', 'source_digest', 'checked_at', 'first_missing_at', 'parked_code', 'parked_reason'])
      .select(['requested_at', 'targets'])
      .where('image', '=', image)
      .orderBy('id')
      .execute();
    // Another program may have changed a row since its identity was made: it is then a wish for something else.
    const changed = rows.filter((row) => !isStillItself(row)).map(({ id }) => id);
    if (changed.length > 0) await this.#forgetIdentity(changed);
    const unchanged = rows.filter(({ id }) => !changed.includes(id));
    // Later than every request that was read: otherwise a clock that was put back would leave them unanswered.
    const readAt = Math.max(now, ...unchanged.map(({ requested_at: askedFor }) => (askedFor ?? 0) + 1));
    return { rows: unchanged.map((row) => wantedImage(row, image)), readAt };
  }

  /**
   * Records wishes, all in one transaction. A person's wish makes a pushed, parked or withdrawn row pending again; what
   * an upstream finds leaves such a row as it is, unless it is pushed or parked and now goes to more targets. A wish
   * without targets is for all of them.
   */
  async addWanted(requests: readonly WantedRequest[]): Promise<readonly WantedResult[]> {
    const { dialect, transaction } = this.#database;
    const wishes = requests.map(wishOf);
    // In one order for all processes, so that two of them do not wait for each other.
    const inOrder = eachOnce(wishes).sort((a, b) => (a.key < b.key ? -1 : 1));
    const results = await transaction(async (inside) => {
      const now = await dialect.now(inside);
      const byKey = new Map<string, WantedResult>();
      for (const wish of inOrder) byKey.set(wish.key, await this.#record(inside, wish, now));
      return byKey;
    });
    return wishes.flatMap(({ key }) => results.get(key) ?? []);
  }

  async #record(queries: Queries, wish: Wish, now: number): Promise<WantedResult> {
    const { dialect } = this.#database;
    const { image, platform, key } = wish;
    if ((await dialect.insertAbsent(queries, 'images_for_push', [newRow(wish, now)], ['image_key'])) > 0) {
      return { image, platform, outcome: 'added' };
    }
    const row = await dialect
      .locking(
        queries.selectFrom('images_for_push').select(['id', 'push_status', 'requested_at', 'checked_at', 'targets']),
      )
      .where('image_key', '=', key)
      .executeTakeFirst();
    if (row === undefined) {
      throw new DatabaseFault(
        `images_for_push accepts no row for ${image} (${platform}): a unique index that is not the ferry's stands against it`,
        'statement',
      );
    }
    const previous = (row.push_status ?? PushStatus.pending) as PushStatus;
    const before = targetSelection(row.targets);
    const targets = uniteTargets(before, wish.targets);
    const goesFurther = isWider(targets, before) && (wish.isExplicit || previous !== PushStatus.withdrawn);
    // Asked for now also where only an upstream asks: a copy under way to the targets of before is not the answer.
    const asked = {
      requested_at: askedAt(now),
      requested_by: JSON.stringify(wish.requestedBy),
      ...(goesFurther ? { targets: targetsColumn(targets) } : {}),
    };
    if (previous !== PushStatus.pending && (wish.isExplicit || goesFurther)) {
      await setStatus(queries, [row.id], PushStatus.pending, { ...forgotten, ...asked });
      return { image, platform, outcome: 'renewed', previous };
    }
    const isAskedAlready = row.requested_at !== null && row.requested_at >= (row.checked_at ?? 0);
    if (previous === PushStatus.pending && (goesFurther || (wish.isExplicit && !isAskedAlready))) {
      await setStatus(queries, [row.id], PushStatus.pending, asked);
    }
    return { image, platform, outcome: 'already-pending', previous };
  }

  async #forgetIdentity(ids: readonly number[]): Promise<void> {
    await this.#database.transaction(async (inside) => {
      await updateWanted(inside, { image: null, image_key: null, checked_at: null, targets: null, ...forgotten })
        .where('id', 'in', [...ids])
        .execute();
      await releaseOrphans(inside);
    });
  }
}

interface Wish {
  readonly request: WantedRequest;
  readonly requestedBy: RequestedBy;
  readonly isExplicit: boolean;
  readonly image: string;
  readonly platform: string;
  readonly key: string;
  readonly targets: TargetSelection;
}

/** @throws InvalidInput for an image that is too long to be recorded */
function wishOf(request: WantedRequest): Wish {
  const { requestedBy } = request;
  const image = storableImage(printImageReference(request.reference));
  const platform = canonicalPlatforms(request.platform);
  // What an upstream announces is nobody's command: what a person withdrew or has to look at stays so.
  const isExplicit = requestedBy.by !== 'upstream' && requestedBy.by !== 'row';
  const targets = uniteTargets(request.targets ?? 'all', []);
  return { request, requestedBy, isExplicit, image, platform, key: imageKey(image, platform), targets };
}

/** The same wish made several times goes where any of them says. */
function eachOnce(wishes: readonly Wish[]): Wish[] {
  const byKey = new Map<string, Wish>();
  for (const wish of wishes) {
    const targets = uniteTargets(byKey.get(wish.key)?.targets ?? [], wish.targets);
    byKey.set(wish.key, { ...wish, targets });
  }
  return [...byKey.values()];
}

function newRow({ request, requestedBy, isExplicit, image, platform, key, targets }: Wish, now: number) {
  return {
    ...rowFromReference(request.reference),
    add_time: utcText(new Date(now)),
    platform,
    push_status: PushStatus.pending,
    ferry_status: PushStatus.pending,
    image_key: key,
    image,
    requested_by: JSON.stringify(requestedBy),
    requested_at: isExplicit ? now : null,
    targets: targetsColumn(targets),
  };
}
