/** `pushed_images` and `pushed_platforms`, written as the older scripts' readers expect them. */
import { sql } from 'kysely';
import type { Insertable } from 'kysely';

import { parseImageReference } from '../domain/image-reference.js';
import { rowFromReference } from '../domain/legacy-row.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { PlatformCopy, TargetOutcome } from '../domain/wanted-image.js';
import type { DialectDifferences, Queries } from './dialect-differences.js';
import { nameOnTarget, printName } from './pushed-row-takeover.js';
import { nameKey } from './row-shapes.js';
import { utcText } from './sqlite-parameters.js';
import type { PushedImagesTable } from './tables.js';

const longestPlatformList = 255;
const megabyte = 1024 * 1024;

type CopyThere = Extract<TargetOutcome, { state: 'pushed' | 'adopted' }>;

/** Makes or renews the row for a name on a target, and the rows of the platforms that it leads to. */
export async function recordPushed(
  queries: Queries,
  dialect: DialectDifferences,
  copy: CopyThere,
  source: { readonly image: string; readonly sourceDigest: string | undefined; readonly now: number },
): Promise<void> {
  const name = nameOnTarget({ target_registry_url: '', registry_image_name: copy.reference });
  if (name === undefined) throw new TypeError(`"${copy.reference}" is not host/repository:tag`);
  const platforms = 'platforms' in copy ? copy.platforms : undefined;
  const sizes = platforms === undefined ? {} : await platformColumns(queries, dialect, platforms);
  const told = {
    ...rowFromReference(parseImageReference(source.image)),
    push_time: utcText(new Date(source.now)),
    push_status: PushStatus.pushed,
    digest: copy.digest,
    name_key: nameKey(printName(name)),
    image: source.image,
    source_digest: source.sourceDigest ?? null,
    ...sizes,
  };
  const existing = await rowOf(queries, dialect, told.name_key, name.host, copy.reference);
  const id = existing ?? (await insertRow(queries, { ...told, ...placeColumns(name, copy.reference) }));
  // Where the row was there its names stay as they are: other programs look for them.
  if (existing !== undefined) await queries.updateTable('pushed_images').set(told).where('id', '=', existing).execute();
  if (platforms !== undefined) await replacePlatforms(queries, dialect, id, platforms);
}

/** By its key; or a row that an older script wrote under the same name after the last look at its table. */
async function rowOf(
  queries: Queries,
  dialect: DialectDifferences,
  key: string,
  host: string,
  reference: string,
): Promise<number | undefined> {
  const select = queries.selectFrom('pushed_images').select('id').orderBy('id').limit(1);
  const own = await dialect.locking(select).where('name_key', '=', key).executeTakeFirst();
  if (own !== undefined) return own.id;
  const foreign = await dialect
    .locking(select)
    .where('target_registry_url', '=', host)
    .where('registry_image_name', '=', reference)
    .executeTakeFirst();
  return foreign?.id;
}

async function insertRow(queries: Queries, row: Insertable<PushedImagesTable>): Promise<number> {
  const { insertId } = await queries.insertInto('pushed_images').values(row).executeTakeFirstOrThrow();
  return Number(insertId);
}

function placeColumns(name: { readonly host: string; readonly repository: string }, reference: string) {
  const slash = name.repository.lastIndexOf('/');
  return {
    target_registry_url: name.host,
    targ_name_space: slash < 0 ? '' : name.repository.slice(0, slash),
    registry_image_name: reference,
  };
}

async function platformColumns(queries: Queries, dialect: DialectDifferences, platforms: readonly PlatformCopy[]) {
  const bytes = platforms.reduce((sum, { size }) => sum + size, 0);
  const isNumber = await hasNumericSizes(queries, dialect);
  return {
    platform: platformList(platforms),
    // Text holds megabytes, as the older scripts write it; where somebody made it a number it counts bytes.
    image_size: isNumber ? bytes : (bytes / megabyte).toFixed(2),
  };
}

/** Whole platforms as far as the column goes; `pushed_platforms` has them all. */
function platformList(platforms: readonly PlatformCopy[]): string {
  let list = '';
  for (const platform of new Set(platforms.map((copy) => copy.platform))) {
    const longer = list === '' ? platform : `${list},${platform}`;
    if (longer.length > longestPlatformList) return list;
    list = longer;
  }
  return list;
}

async function hasNumericSizes(queries: Queries, { kind }: DialectDifferences): Promise<boolean> {
  const declared =
    kind === 'mysql'
      ? sql<{ type: string }>`select data_type as type from information_schema.columns
          where table_schema = database() and table_name = 'pushed_images' and column_name = 'image_size'`
      : sql<{ type: string }>`select type from pragma_table_info('pushed_images') where name = 'image_size'`;
  const { rows } = await declared.execute(queries);
  return /int/i.test(rows[0]?.type ?? '');
}

async function replacePlatforms(
  queries: Queries,
  dialect: DialectDifferences,
  id: number,
  platforms: readonly PlatformCopy[],
): Promise<void> {
  await queries.deleteFrom('pushed_platforms').where('pushed_id', '=', id).execute();
  const rows = platforms.map(({ platform, digest, size }) => ({ pushed_id: id, platform, digest, size }));
  await dialect.upsert(queries, 'pushed_platforms', rows, ['pushed_id', 'platform', 'digest']);
}
