import { repeatOnConflict } from './ferry-database.js';
import type { FerryDatabase } from './ferry-database.js';

/** A few repositories are enough to mount a blob from. */
const repositoriesPerBlob = 5;
/** Digests or rows per statement. */
const pageSize = 200;

/** Records which repositories of a target have which blobs, to mount them instead of sending them. */
export class BlobLocationStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Repositories of a registry (paths without host) by digest, the last seen first, at most five each. Digests without a
   * known repository are omitted.
   */
  async known(registry: string, digests: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, string[]>();
    for (const page of pages([...new Set(digests)])) {
      const rows = await this.#database.queries
        .selectFrom('blob_locations')
        .select(['digest', 'repository'])
        .where('registry', '=', registry)
        .where('digest', 'in', page)
        .orderBy('seen_at', 'desc')
        .orderBy('repository')
        .execute();
      for (const { digest, repository } of rows) {
        const repositories = found.get(digest) ?? [];
        if (repositories.length < repositoriesPerBlob) found.set(digest, [...repositories, repository]);
      }
    }
    return found;
  }

  /** Deletes a location: the blob was not found there, or could not be mounted. */
  async forget(registry: string, repository: string, digest: string): Promise<void> {
    await this.#database.queries
      .deleteFrom('blob_locations')
      .where('registry', '=', registry)
      .where('digest', '=', digest)
      .where('repository', '=', repository)
      .execute();
  }

  /** Records that a repository has blobs, or that it still has them. */
  async record(registry: string, repository: string, digests: readonly string[]): Promise<void> {
    const { dialect, queries } = this.#database;
    // All processes use the same order, so that they do not deadlock.
    for (const page of pages([...new Set(digests)].sort())) {
      const rows = page.map((digest) => ({ registry, digest, repository, seen_at: dialect.clock() }));
      const key = ['registry', 'digest', 'repository'] as const;
      await repeatOnConflict(async () => await dialect.upsert(queries, 'blob_locations', rows, key));
    }
  }
}

function pages(digests: readonly string[]): string[][] {
  const count = Math.ceil(digests.length / pageSize);
  return Array.from({ length: count }, (_, page) => digests.slice(page * pageSize, (page + 1) * pageSize));
}
