import type { FerryDatabase } from './ferry-database.js';

/** Assigns target repositories to source repositories permanently. */
export class TargetNameStore {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  /**
   * Claims a target repository (`host/repository`) for `sourceRepository` (`host/path`) if it is free. Returns its owner.
   * Two simultaneous claims return the same owner.
   */
  async claim(claim: {
    readonly targetRepository: string;
    readonly sourceRepository: string;
    readonly target: string;
  }): Promise<string> {
    const { queries, dialect, transaction } = this.#database;
    const { targetRepository, sourceRepository, target } = claim;
    const select = queries
      .selectFrom('target_names')
      .select('source_repository')
      .where('target_repository', '=', targetRepository);
    // It usually has an owner already. Owners never change, so reading needs no lock.
    const known = await select.executeTakeFirst();
    if (known !== undefined) return known.source_repository;
    await transaction(async (inside) => {
      const row = {
        target_repository: targetRepository,
        target_registry: targetRepository.split('/', 1)[0] ?? '',
        source_repository: sourceRepository,
        target,
        claimed_at: await dialect.now(inside),
      };
      await dialect.insertAbsent(inside, 'target_names', [row], ['target_repository']);
    });
    return (await select.executeTakeFirstOrThrow()).source_repository;
  }

  /** The owner of a target repository, undefined if it is free; claims nothing. */
  async ownerOf(targetRepository: string): Promise<string | undefined> {
    const row = await this.#database.queries
      .selectFrom('target_names')
      .select('source_repository')
      .where('target_repository', '=', targetRepository)
      .executeTakeFirst();
    return row?.source_repository;
  }

  /** Target repositories (`host/repository`) of a registry that a source repository owns, the first claimed first. */
  async ownedBy(sourceRepository: string, registry: string): Promise<readonly string[]> {
    const rows = await this.#database.queries
      .selectFrom('target_names')
      .select('target_repository')
      .where('source_repository', '=', sourceRepository)
      .where('target_registry', '=', registry)
      .orderBy('claimed_at')
      .orderBy('target_repository')
      .execute();
    return rows.map(({ target_repository: repository }) => repository);
  }
}
