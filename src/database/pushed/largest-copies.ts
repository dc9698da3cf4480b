import { parseDigest } from '@image-ferry/registry/digest';
import type { Digest } from '@image-ferry/registry/digest';

import type { Queries } from '../dialect-differences.js';
import { nameOnTarget } from '../name-on-target.js';

/** A large image on a target, for measurements. */
export interface LargeCopy {
  readonly host: string;
  readonly repository: string;
  /** Of the manifest of one platform. */
  readonly digest: Digest;
  /** Canonical reference of its source; absent where no sync run has read the row yet. */
  readonly image?: string | undefined;
}

const maxRows = 200;

/** Lists the largest images that were copied, the largest first, one for each registry of a target. */
export async function largestCopies(queries: Queries): Promise<readonly LargeCopy[]> {
  const rows = await queries
    .selectFrom('pushed_platforms')
    .innerJoin('pushed_images', 'pushed_images.id', 'pushed_platforms.pushed_id')
    .select(['target_registry_url', 'registry_image_name', 'image', 'pushed_platforms.digest as manifest'])
    .orderBy('pushed_platforms.size', 'desc')
    .limit(maxRows)
    .execute();
  const byHost = new Map<string, LargeCopy>();
  for (const row of rows) {
    const name = nameOnTarget(row);
    if (name === undefined || byHost.has(name.host)) continue;
    const { host, repository } = name;
    byHost.set(host, { host, repository, digest: parseDigest(row.manifest), image: row.image ?? undefined });
  }
  return [...byHost.values()];
}
