/** Repositories on targets that older scripts used for several sources. */
import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';

import { InvalidInput } from '../domain/ferry-error.js';
import type { Queries } from './dialect-differences.js';
import { nameOnTarget } from './name-on-target.js';
import { highestId, lowestId } from './wanted/wanted-rows.js';

const pageSize = 1_000;

export interface SharedName {
  /** `host/repository` on the target. */
  readonly repository: string;
  /** The source repository that keeps it. */
  readonly owner: string;
  /** Other source repositories, whose new tags get another name, with the number of their tags there. */
  readonly others: readonly { readonly source: string; readonly tags: number }[];
}

/** By name; reads the rows of `pushed_images` page by page. */
export async function findSharedNames(queries: Queries): Promise<readonly SharedName[]> {
  const sources = new Map<string, Map<string, number>>();
  for (let after: number | undefined = lowestId - 1; after !== undefined;) {
    const rows: readonly NamedRow[] = await queries
      .selectFrom('pushed_images')
      .select(['id', 'image', 'target_registry_url', 'registry_image_name'])
      .where('image', '<>', '')
      .where('id', '>', after)
      .where('id', '<=', highestId)
      .orderBy('id')
      .limit(pageSize)
      .execute();
    for (const row of rows) count(sources, row);
    after = rows.length < pageSize ? undefined : rows.at(-1)?.id;
  }
  const shared = [...sources].filter(([, held]) => held.size > 1).sort(([a], [b]) => (a < b ? -1 : 1));
  const found: SharedName[] = [];
  for (const [repository, held] of shared) {
    const row = await queries
      .selectFrom('target_names')
      .select('source_repository')
      .where('target_repository', '=', repository)
      .executeTakeFirst();
    if (row === undefined) continue;
    const others = [...held].filter(([source]) => source !== row.source_repository);
    found.push({
      repository,
      owner: row.source_repository,
      others: others.map(([source, tags]) => ({ source, tags })),
    });
  }
  return found;
}

interface NamedRow {
  readonly id: number;
  readonly image: string | null;
  readonly target_registry_url: string | null;
  readonly registry_image_name: string | null;
}

function count(sources: Map<string, Map<string, number>>, row: NamedRow): void {
  const name = nameOnTarget(row);
  const source = sourceOf(row.image ?? '');
  if (name === undefined || source === undefined) return;
  const repository = `${name.host}/${name.repository}`;
  const held = sources.get(repository) ?? new Map<string, number>();
  held.set(source, (held.get(source) ?? 0) + 1);
  sources.set(repository, held);
}

function sourceOf(image: string): string | undefined {
  try {
    return sourceRepository(parseImageReference(image));
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
