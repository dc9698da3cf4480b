/** Rollbacks of copies, and the holds that they leave. */
import { driftCodes } from '../domain/audit.js';
import type { DriftKind } from '../domain/audit.js';
import { CopyState, isThere, PushStatus } from '../domain/wanted-image.js';
import { compareTexts } from './compare-texts.js';
import type { Queries } from './dialect-differences.js';
import { recordEvents } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { printBefore, readBefore } from './pushed/before-rollback.js';
import { isHeld } from './pushed/held-copies.js';
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
  /** A rollback to this digest was refused when it was to be made, for `code` and `reason`. */
  readonly refused?: string | undefined;
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
      refused: row.refused_rollback ?? undefined,
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
      const copy = await dialect
        .locking(queries.selectFrom('image_copies').selectAll())
        .where('image', '=', image)
        .where('target', '=', target)
        .where('reference', 'is not', null)
        .executeTakeFirst();
      if (copy === undefined || (isAgain && copy.rollback_to !== to)) return false;
      const ids = await this.#rowsOf(queries, image);
      if (ids.length === 0) return false;
      const columns = { ...forgotten, requested_at: askedAt(now) };
      const cause = { kind: 'rolled-back', at: now, who } as const;
      // Where it is requested again, what the runs said of it stays.
      if (copy.rollback_to !== to) await markForRollback(queries, copy, to, cause);
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
      const ends = released.map((row) => ({ row, after: afterHold(row) }));
      for (const { row, after } of ends) await this.#endHold(queries, row, after);
      await recordEvents(queries, ends.map(releaseOf), { kind: 'released', at: now, who });
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
      .where(isHeld)
      .execute();
    // They are few, and SQLite would read all copies to find them in their order.
    const ordered = rows.toSorted((a, b) => compareTexts(a.image, b.image) || compareTexts(a.target, b.target));
    return ordered.map((row) => ({
      image: row.image,
      target: row.target,
      digest: row.held_digest ?? '',
      heldAt: row.held_at ?? undefined,
      heldBy: row.held_by ?? undefined,
    }));
  }

  async #endHold(queries: Queries, { image, target }: ImageCopies, after: StateAfterHold): Promise<void> {
    const noHold = { held_digest: null, held_at: null, held_by: null };
    const noRollback = { rollback_to: null, before_rollback: null, refused_rollback: null };
    await queries
      .updateTable('image_copies')
      .set({ ...after, ...noHold, ...noRollback })
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

async function markForRollback(
  queries: Queries,
  { image, target, state, code, reason, rollback_to: other, before_rollback: before }: ImageCopies,
  to: string,
  cause: { readonly kind: 'rolled-back'; readonly at: number; readonly who: string },
): Promise<void> {
  const waiting = {
    state: CopyState.waiting,
    code: 'rollback-pending',
    reason: `a rollback to ${to} was requested by ${cause.who}; the next sync run makes it`,
  } as const;
  await queries
    .updateTable('image_copies')
    .set({
      ...waiting,
      rollback_to: to,
      // Another rollback that is not made yet has changed the state already.
      before_rollback: other === null ? printBefore({ state, code, reason }) : before,
      refused_rollback: null,
      held_by: cause.who.slice(0, 255),
    })
    .where('image', '=', image)
    .where('target', '=', target)
    .execute();
  if (state === waiting.state) return;
  const change = { image, target, from: state as CopyState, to: waiting.state };
  await recordEvents(queries, [{ ...change, code: waiting.code, reason: waiting.reason }], cause);
}

interface StateAfterHold extends Pick<ImageCopies, 'state' | 'code' | 'reason'> {
  readonly verified?: null;
}

/**
 * A rollback that was not made leaves the copy as it was before. A tag that was held points to the digest of its row, unless
 * an audit found that it does not: no run heals what is held.
 */
function afterHold(row: ImageCopies): StateAfterHold {
  const { state, code, reason } = row.rollback_to === null ? row : (readBefore(row.before_rollback) ?? row);
  if (row.held_digest === null || !isThere(state)) return { state, code, reason };
  if (row.drift === null) return { state, code: null, reason: null };
  return { state: CopyState.retrying, code: driftCodes[row.drift as DriftKind], reason, verified: null };
}

function releaseOf({ row, after }: { readonly row: ImageCopies; readonly after: StateAfterHold }) {
  const { image, target, state, rollback_to: to, held_digest: held } = row;
  const reason = held === null ? `the rollback to ${to ?? ''} was called off` : `it was held at ${held}`;
  return { image, target, from: state as CopyState, to: after.state as CopyState, reason };
}
