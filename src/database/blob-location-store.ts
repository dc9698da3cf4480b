import type { FerryDatabase } from './ferry-database.js';

/** A blob that is in a thousand repositories can be mounted from a few as well. */
const repositoriesPerBlob = 5;
/** Digests asked for, and rows written, in one statement. */
const pageSize = 200;

/** Which repository of a target is known to hold which blob: from there it is mounted instead of being sent. */
export class BlobLocationStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Repositories of a registry (paths without host) by digest, the last seen first, at most five each; digests that no
   * repository is known to hold are left out.
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

  /** Nobody found the blob there, or could take it from there. */
  async forget(registry: string, repository: string, digest: string): Promise<void> {
    await this.#database.queries
      .deleteFrom('blob_locations')
      .where('registry', '=', registry)
      .where('digest', '=', digest)
      .where('repository', '=', repository)
      .execute();
  }

  /** Records that a repository holds blobs; again, that it still does. */
  async record(registry: string, repository: string, digests: readonly string[]): Promise<void> {
    const { dialect, transaction } = this.#database;
    // In one order for all processes, so that two of them do not wait for each other.
    for (const page of pages([...new Set(digests)].sort())) {
      await transaction(async (inside) => {
        const now = await dialect.now(inside);
        const rows = page.map((digest) => ({ registry, digest, repository, seen_at: now }));
        await dialect.upsert(inside, 'blob_locations', rows, ['registry', 'digest', 'repository']);
      });
    }
  }
}

function pages(digests: readonly string[]): string[][] {
  const count = Math.ceil(digests.length / pageSize);
  return Array.from({ length: count }, (_, page) => digests.slice(page * pageSize, (page + 1) * pageSize));
}
