import { groupRows } from '../domain/group-rows.js';
import type { Queries } from './dialect-differences.js';
import { repeatOnConflict } from './ferry-database.js';
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
    const { queries, dialect } = this.#database;
    const { targetRepository, sourceRepository, target } = claim;
    const select = queries
      .selectFrom('target_names')
      .select('source_repository')
      .where('target_repository', '=', targetRepository);
    // It usually has an owner already. Owners never change, so reading needs no lock.
    const known = await select.executeTakeFirst();
    if (known !== undefined) return known.source_repository;
    const row = {
      target_repository: targetRepository,
      target_registry: targetRepository.split('/', 1)[0] ?? '',
      source_repository: sourceRepository,
      target,
      claimed_at: dialect.clock(),
    };
    const key = ['target_repository'] as const;
    const inserted = await repeatOnConflict(
      async () => await dialect.insertAbsent(queries, 'target_names', [row], key),
    );
    if (inserted === 1) return sourceRepository;
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
    const owned = await readOwned(this.#database.queries, [sourceRepository], [registry]);
    return owned.get(ownerKey(sourceRepository, registry)) ?? [];
  }
}

/** Target repositories by `ownerKey`, each the first claimed first; without an entry where there is none. */
export async function readOwned(
  queries: Queries,
  sourceRepositories: readonly string[],
  registries: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await queries
    .selectFrom('target_names')
    .select(['target_repository', 'target_registry', 'source_repository'])
    .where('source_repository', 'in', [...sourceRepositories])
    .where('target_registry', 'in', [...registries])
    .orderBy('claimed_at')
    .orderBy('target_repository')
    .execute();
  const owned = groupRows(rows, (row) => ownerKey(row.source_repository, row.target_registry));
  return new Map([...owned].map(([key, names]) => [key, names.map((row) => row.target_repository)]));
}

export function ownerKey(sourceRepository: string, registry: string): string {
  return `${registry} ${sourceRepository}`;
}
