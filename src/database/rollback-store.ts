/** Rollbacks of copies, and the holds that they leave. */
import { CopyState, PushStatus } from '../domain/wanted-image.js';
import type { Queries } from './dialect-differences.js';
import { recordEvents } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { readReplaced } from './pushed/replaced-tags.js';
import type { ImageCopies } from './tables.js';
import { changeStatus } from './wanted/change-status.js';
import { askedAt, firstRow, forgotten, isWanted } from './wanted/wanted-rows.js';

/** A copy that may be rolled back. */
export interface RollbackCopy {
  readonly state: CopyState;
  /** `host/repository:tag` */
  readonly reference: string;
  /** What its tag should point to now. */
  readonly digest: string;
  /** What it pointed to earlier, the newest first, as far as that is recorded. */
  readonly earlier: readonly { readonly digest: string; readonly at: number }[];
  readonly rollbackTo?: string | undefined;
  readonly heldDigest?: string | undefined;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}

/** A tag that a rollback holds. */
export interface HeldTag {
  readonly image: string;
  readonly target: string;
  readonly digest: string;
  /** UTC ms. */
  readonly heldAt?: number | undefined;
  readonly heldBy?: string | undefined;
}

export class RollbackStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** @returns undefined if the ferry never had the image on the target, or nothing is recorded of it */
  async copy(image: string, target: string): Promise<RollbackCopy | undefined> {
    const { queries } = this.#database;
    const row = await queries
      .selectFrom('image_copies')
      .selectAll()
      .where('image', '=', image)
      .where('target', '=', target)
      .executeTakeFirst();
    const digest = row?.digest ?? row?.held_digest ?? null;
    if (row === undefined || row.reference === null || digest === null) return undefined;
    return {
      state: row.state as CopyState,
      reference: row.reference,
      digest,
      earlier: await this.#earlier(row, digest),
      rollbackTo: row.rollback_to ?? undefined,
      heldDigest: row.held_digest ?? undefined,
      code: row.code ?? undefined,
      reason: row.reason ?? undefined,
    };
  }

  /** Whether any row of the image is still wanted. */
  async isWanted(image: string): Promise<boolean> {
    return (await this.#rowsOf(this.#database.queries, image)).length > 0;
  }

  /** What the source had when runs pushed a digest; the history forgets it with its runs. */
  async sourceDigests(image: string, digest: string): Promise<readonly string[]> {
    const { queries } = this.#database;
    const events = await queries
      .selectFrom('events')
      .select('run')
      .where('image', '=', image)
      .orderBy('id', 'desc')
      .limit(runsRead)
      .execute();
    const runs = [...new Set(events.flatMap(({ run }) => run ?? []))];
    if (runs.length === 0) return [];
    const rows = await queries
      .selectFrom('run_outcomes')
      .select('source_digest')
      .where('run', 'in', runs)
      .where('image', '=', image)
      .where('digest', '=', digest)
      .execute();
    return [...new Set(rows.flatMap(({ source_digest: found }) => found ?? []))];
  }

  /**
   * Requests that the next sync run puts a tag back, before images that no person requested. It may be repeated.
   *
   * @param asked with `isAgain` only a rollback that is still requested: what was made or called off meanwhile stays so
   * @returns false if the copy is not there any more, the image is no longer wanted, or nothing is requested `isAgain`
   */
  async request(asked: {
    readonly image: string;
    readonly target: string;
    readonly to: string;
    readonly who: string;
    readonly isAgain?: boolean | undefined;
  }): Promise<boolean> {
    const { image, target, to, who, isAgain = false } = asked;
    const { dialect, transaction } = this.#database;
    return await transaction(async (queries) => {
      const now = await dialect.now(queries);
      // MySQL does not count rows that an update leaves as they are.
      const copy = await queries
        .selectFrom('image_copies')
        .select('rollback_to')
        .where('image', '=', image)
        .where('target', '=', target)
        .where('reference', 'is not', null)
        .executeTakeFirst();
      if (copy === undefined || (isAgain && copy.rollback_to !== to)) return false;
      await queries
        .updateTable('image_copies')
        .set({
          state: CopyState.waiting,
          code: 'rollback-pending',
          reason: `a rollback to ${to} was requested by ${who}; the next sync run makes it`,
          rollback_to: to,
          held_by: who.slice(0, 255),
        })
        .where('image', '=', image)
        .where('target', '=', target)
        .execute();
      const ids = await this.#rowsOf(queries, image);
      if (ids.length === 0) return false;
      const columns = { ...forgotten, requested_at: askedAt(now) };
      const cause = { kind: 'rolled-back', at: now, who } as const;
      await changeStatus({ queries, dialect }, ids, PushStatus.pending, columns, cause);
      return true;
    });
  }

  /**
   * Ends the holds of an image on all targets, or on some, and rollbacks that were not made yet: the next run brings what its
   * source has.
   *
   * @returns the targets whose hold ended
   */
  async release(image: string, targets: readonly string[] | undefined, who: string): Promise<readonly string[]> {
    const { dialect, transaction } = this.#database;
    return await transaction(async (queries) => {
      const now = await dialect.now(queries);
      const rows = await dialect
        .locking(queries.selectFrom('image_copies').selectAll())
        .where('image', '=', image)
        .where((is) => is.or([is('held_digest', 'is not', null), is('rollback_to', 'is not', null)]))
        .execute();
      const released = rows.filter(({ target }) => targets === undefined || targets.includes(target));
      for (const row of released) await this.#endHold(queries, row);
      await recordEvents(queries, released.map(releaseOf), { kind: 'released', at: now, who });
      const ids = released.length === 0 ? [] : await this.#rowsOf(queries, image);
      const columns = { ...forgotten, requested_at: askedAt(now) };
      await changeStatus({ queries, dialect }, ids, PushStatus.pending, columns, { kind: 'released', at: now, who });
      return released.map(({ target }) => target);
    });
  }

  /** All held tags, by image and target. */
  async held(): Promise<readonly HeldTag[]> {
    const rows = await this.#database.queries
      .selectFrom('image_copies')
      .select(['image', 'target', 'held_digest', 'held_at', 'held_by'])
      .where('held_digest', 'is not', null)
      .orderBy('image')
      .orderBy('target')
      .execute();
    return rows.map((row) => ({
      image: row.image,
      target: row.target,
      digest: row.held_digest ?? '',
      heldAt: row.held_at ?? undefined,
      heldBy: row.held_by ?? undefined,
    }));
  }

  /** The tag still points to what it was held at, or to what it pointed to before a rollback that was not made. */
  async #endHold(queries: Queries, { image, target, rollback_to: to }: ImageCopies): Promise<void> {
    const undone = to === null ? {} : { state: CopyState.pushed, code: null };
    await queries
      .updateTable('image_copies')
      .set({ ...undone, rollback_to: null, held_digest: null, held_at: null, held_by: null, reason: null })
      .where('image', '=', image)
      .where('target', '=', target)
      .execute();
  }

  async #rowsOf(queries: Queries, image: string): Promise<readonly number[]> {
    const rows = await queries
      .selectFrom('images_for_push')
      .select('id')
      .where('image', '=', image)
      .where(isWanted)
      .where(firstRow, 'is', null)
      .execute();
    return rows.map(({ id }) => id);
  }

  async #earlier(row: ImageCopies, now: string): Promise<RollbackCopy['earlier']> {
    const replaced = await readReplaced(this.#database.queries, row.image);
    const history = replaced
      .filter(({ target }) => target === row.target)
      .map(({ before, at }) => ({ digest: before, at }));
    const last = row.replaced === null ? [] : [{ digest: row.replaced, at: row.last_pushed_at ?? 0 }];
    const all = new Map<string, { readonly digest: string; readonly at: number }>();
    for (const one of [...last, ...history]) if (one.digest !== now && !all.has(one.digest)) all.set(one.digest, one);
    return [...all.values()];
  }
}

const runsRead = 500;

function releaseOf({ image, target, state, rollback_to: to, held_digest: held }: ImageCopies) {
  const is = (to === null ? state : CopyState.pushed) as CopyState;
  const reason = held === null ? `the rollback to ${to ?? ''} was called off` : `it was held at ${held}`;
  return { image, target, from: state as CopyState, to: is, reason };
}
