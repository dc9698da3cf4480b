import { imageKey } from '../domain/image-key.js';
import type { UpstreamState } from '../domain/upstream-state.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { FerryDatabase } from './ferry-database.js';
import { changeStatus } from './wanted/change-status.js';
import { forgotten } from './wanted/wanted-rows.js';

/**
 * A listing is requested by its ETag for a week at most. The ETag covers the first page alone, so that the whole listing must
 * be read from time to time.
 */
const etagTrustedMs = 7 * 24 * 60 * 60 * 1_000;
const longestText = 255;

interface WantedKey {
  readonly image: string;
  readonly platform: string;
}

/** Records the last handled release of each upstream, and renews blocked rows. */
export class UpstreamStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  async read(upstream: string): Promise<UpstreamState | undefined> {
    const { queries, dialect } = this.#database;
    const now = await dialect.now(queries);
    const row = await queries.selectFrom('upstreams').selectAll().where('name', '=', upstream).executeTakeFirst();
    if (row === undefined) return undefined;
    return {
      fingerprint: row.fingerprint,
      release: row.release_tag ?? undefined,
      ...(row.etag !== null && isTrusted(row.etag_since, now) ? { etag: row.etag } : {}),
    };
  }

  /** Records the release of a finished check whose rows are committed. */
  async save(upstream: string, { release, etag, fingerprint }: UpstreamState): Promise<void> {
    const { dialect, transaction } = this.#database;
    await transaction(async (inside) => {
      const now = await dialect.now(inside);
      const fresh = { name: upstream, fingerprint, handled_at: now, checked_at: now };
      await dialect.insertAbsent(inside, 'upstreams', [fresh], ['name']);
      const select = inside.selectFrom('upstreams').selectAll().where('name', '=', upstream);
      const before = await dialect.locking(select).executeTakeFirstOrThrow();
      // An ETag that is too long is dropped: the next check reads the whole listing.
      const kept = etag !== undefined && etag.length <= longestText ? etag : null;
      const isHandledAgain = (release ?? null) !== before.release_tag || fingerprint !== before.fingerprint;
      await inside
        .updateTable('upstreams')
        .set({
          release_tag: release ?? null,
          fingerprint,
          etag: kept,
          // The same ETag after that time belongs to a listing that was read as a whole again.
          etag_since: kept === before.etag && isTrusted(before.etag_since, now) ? before.etag_since : now,
          handled_at: isHandledAgain ? now : before.handled_at,
          checked_at: now,
        })
        .where('name', '=', upstream)
        .execute();
    });
  }

  /** Makes rows pending that are blocked because their tag was missing, and returns them. */
  async reviveMissing(wanted: readonly WantedKey[]): Promise<readonly WantedKey[]> {
    if (wanted.length === 0) return [];
    const { dialect, transaction } = this.#database;
    const byKey = new Map(wanted.map((one) => [imageKey(one.image, one.platform), one]));
    return await transaction(async (inside) => {
      const rows = await dialect
        .locking(inside.selectFrom('images_for_push').select(['id', 'image_key']))
        .where('image_key', 'in', [...byKey.keys()])
        .where('push_status', '=', PushStatus.blocked)
        .where('blocked_code', '=', 'tag-missing')
        .orderBy('id')
        .execute();
      await changeStatus(
        { queries: inside, dialect },
        rows.map(({ id }) => id),
        PushStatus.pending,
        { ...forgotten, checked_at: null },
        { kind: 'tag-announced', at: await dialect.now(inside) },
      );
      return rows.flatMap(({ image_key: key }) => byKey.get(key ?? '') ?? []);
    });
  }
}

function isTrusted(etagSince: number | null, now: number): boolean {
  return etagSince !== null && etagSince > now - etagTrustedMs;
}
