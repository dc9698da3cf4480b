import { latestRelease } from '../domain/release-file.js';
import type { ReleaseFile, StoredRelease } from '../domain/release-file.js';
import type { Queries } from './dialect-differences.js';
import type { FerryDatabase } from './ferry-database.js';
import { readJsonColumn } from './json-column.js';
import type { UpstreamReleasesTable } from './tables.js';

/** Of each upstream; a compose file has up to 256 kB. */
const releasesKept = 100;
const longestTag = 255;

/** Keeps what releases of upstreams consist of. */
export class ReleaseStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /** Stores releases, and deletes all but the newest 100 of the upstream. Repeating it changes nothing. */
  async save(upstream: string, releases: readonly ReleaseFile[]): Promise<void> {
    const { dialect, transaction } = this.#database;
    const storable = releases.filter(({ release }) => release.length <= longestTag);
    if (storable.length === 0) return;
    await transaction(async (inside) => {
      const now = await dialect.now(inside);
      const rows = storable.map(({ release, compose, images }, position) => ({
        upstream,
        release_tag: release,
        compose_path: compose?.path ?? null,
        compose_text: compose?.text ?? null,
        images: JSON.stringify(images),
        // The first one is the newest.
        stored_at: now - position,
      }));
      await dialect.upsert(inside, 'upstream_releases', rows, ['upstream', 'release_tag']);
      const old = (await storedTags(inside, upstream)).slice(releasesKept);
      if (old.length === 0) return;
      await inside
        .deleteFrom('upstream_releases')
        .where('upstream', '=', upstream)
        .where('release_tag', 'in', old)
        .execute();
    });
  }

  /** @param release a tag, or `latest` for the last handled release @returns undefined if it is not stored */
  async read(upstream: string, release: string): Promise<StoredRelease | undefined> {
    const { queries } = this.#database;
    const tag = release === latestRelease ? await this.#latest(upstream) : release;
    if (tag === undefined) return undefined;
    const row = await queries
      .selectFrom('upstream_releases')
      .selectAll()
      .where('upstream', '=', upstream)
      .where('release_tag', '=', tag)
      .executeTakeFirst();
    return row === undefined ? undefined : storedRelease(row);
  }

  /** Tags of the stored releases, the last stored first. */
  async list(upstream: string): Promise<readonly string[]> {
    return await storedTags(this.#database.queries, upstream);
  }

  async #latest(upstream: string): Promise<string | undefined> {
    const handled = await this.#database.queries
      .selectFrom('upstreams')
      .select('release_tag')
      .where('name', '=', upstream)
      .executeTakeFirst();
    return handled?.release_tag ?? (await this.list(upstream))[0];
  }
}

/** The last stored first. */
async function storedTags(queries: Queries, upstream: string): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('upstream_releases')
    .select('release_tag')
    .where('upstream', '=', upstream)
    .orderBy('stored_at', 'desc')
    .orderBy('release_tag')
    .execute();
  return rows.map(({ release_tag: tag }) => tag);
}

function storedRelease(row: UpstreamReleasesTable): StoredRelease {
  const { release_tag: release, compose_path: path, compose_text: text, images, stored_at: storedAt } = row;
  return {
    release,
    ...(path === null || text === null ? {} : { compose: { path, text } }),
    images: (readJsonColumn(images) ?? []) as StoredRelease['images'],
    storedAt: Number(storedAt),
  };
}
