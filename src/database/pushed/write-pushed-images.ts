/** Writes `pushed_images` and `pushed_platforms` in the form that readers of the older scripts' tables expect. */
import { parseImageReference } from '@image-ferry/registry/reference';
import { sql } from 'kysely';
import type { UpdateObject } from 'kysely';

import { rowFromReference } from '../../domain/legacy-row.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { PlatformCopy, TargetOutcome } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import { nameKey } from '../row-shapes.js';
import { utcText } from '../sqlite/sqlite-parameters.js';
import type { FerryTables, PushedPlatforms } from '../tables.js';

const longestPlatformList = 255;
const megabyte = 1024 * 1024;

type SizeUnit = { readonly kind: 'text' | 'bytes' } | { readonly kind: 'megabytes'; readonly most: number };

type CopyThere = Extract<TargetOutcome, { state: 'pushed' | 'adopted' }>;

/** Inserts or updates the rows of names on targets and of their platforms. */
export async function recordPushed(
  queries: Queries,
  dialect: DialectDifferences,
  copies: readonly CopyThere[],
  source: Source,
): Promise<void> {
  if (copies.length === 0) return;
  const unit = await sizeUnit(queries, dialect);
  const pushedNames = new Map(copies.map((copy) => [copy.reference, { copy, ...pushedNameOf(copy.reference) }]));
  const existing = await idsOf(queries, [...pushedNames.values()]);
  const absent = [...pushedNames.values()].filter(({ reference }) => !existing.has(reference));
  for (const [reference, id] of existing) {
    const copy = pushedNames.get(reference)?.copy;
    if (copy === undefined) continue;
    // The names in existing rows are not changed, since other programs search for them.
    const told = toldColumns(copy, source, unit);
    await queries.updateTable('pushed_images').set(told).where('id', '=', id).execute();
  }
  if (absent.length > 0) {
    const rows = absent.map(({ copy, columns }) => ({ ...toldColumns(copy, source, unit), ...columns }));
    await queries.insertInto('pushed_images').values(rows).execute();
  }
  const ids = new Map([...existing, ...(await idsOf(queries, absent))]);
  const platforms = copies.flatMap((copy) => {
    const id = ids.get(copy.reference);
    if (id === undefined || !('platforms' in copy)) return [];
    return copy.platforms.map(({ platform, digest, size }) => ({ pushed_id: id, platform, digest, size }));
  });
  await replacePlatforms(queries, dialect, platforms);
}

interface Source {
  readonly image: string;
  readonly sourceDigest: string | undefined;
  /** UTC milliseconds. */
  readonly now: number;
}

/** The columns by which rows of a name on a target are found. */
interface NameColumns {
  readonly reference: string;
  readonly key: string;
  readonly columns: {
    readonly target_registry_url: string;
    readonly targ_name_space: string;
    readonly registry_image_name: string;
  };
}

function pushedNameOf(reference: string): NameColumns {
  const name = nameOnTarget({ target_registry_url: '', registry_image_name: reference });
  if (name === undefined) throw new TypeError(`"${reference}" is not host/repository:tag`);
  const slash = name.repository.lastIndexOf('/');
  const columns = {
    target_registry_url: name.host,
    targ_name_space: slash < 0 ? '' : name.repository.slice(0, slash),
    registry_image_name: reference,
  };
  return { reference, key: nameKey(printName(name)), columns };
}

/**
 * IDs of rows by their keys, or by the same names if an older script wrote them since its table was last read. It reads
 * without locks: if another writer is faster, the unique key causes a conflict, and the transaction is retried.
 */
async function idsOf(queries: Queries, pushedNames: readonly NameColumns[]): Promise<ReadonlyMap<string, number>> {
  if (pushedNames.length === 0) return new Map();
  const rows = await queries
    .selectFrom('pushed_images')
    .select(['id', 'name_key', 'target_registry_url', 'registry_image_name'])
    .where((is) =>
      is.or([
        is(
          'name_key',
          'in',
          pushedNames.map(({ key }) => key),
        ),
        ...pushedNames.map(({ columns: { target_registry_url: host, registry_image_name: name } }) =>
          is.and([is('target_registry_url', '=', host), is('registry_image_name', '=', name)]),
        ),
      ]),
    )
    .orderBy('id')
    .execute();
  return new Map(
    pushedNames.flatMap(({ reference, key, columns }) => {
      const row =
        rows.find(({ name_key: own }) => own === key) ??
        rows.find(
          (other) =>
            other.registry_image_name === reference && other.target_registry_url === columns.target_registry_url,
        );
      return row === undefined ? [] : [[reference, row.id] as const];
    }),
  );
}

function toldColumns(copy: CopyThere, { image, sourceDigest, now }: Source, unit: SizeUnit) {
  return {
    ...rowFromReference(parseImageReference(image)),
    push_time: utcText(new Date(now)),
    push_status: PushStatus.pushed,
    digest: copy.digest,
    name_key: pushedNameOf(copy.reference).key,
    image,
    source_digest: sourceDigest ?? null,
    verified_at: now,
    ...('platforms' in copy ? platformColumns(copy.platforms, unit) : {}),
  };
}

function platformColumns(platforms: readonly PlatformCopy[], unit: SizeUnit) {
  const bytes = platforms.reduce((sum, { size }) => sum + size, 0);
  return {
    platform: platformList(platforms),
    image_size: sizeIn(unit, bytes),
  };
}

/** Text columns contain megabytes, as in the older scripts. */
function sizeIn(unit: SizeUnit, bytes: number): string | number {
  switch (unit.kind) {
    case 'text':
      return (bytes / megabyte).toFixed(2);
    case 'bytes':
      return bytes;
    case 'megabytes':
      return Math.min(unit.most, Math.ceil(bytes / megabyte));
    default:
      return unit satisfies never;
  }
}

/** As many whole platforms as fit into the column; `pushed_platforms` has all of them. */
function platformList(platforms: readonly PlatformCopy[]): string {
  let list = '';
  for (const platform of new Set(platforms.map((copy) => copy.platform))) {
    const longer = list === '' ? platform : `${list},${platform}`;
    if (longer.length > longestPlatformList) return list;
    list = longer;
  }
  return list;
}

/** The unit of `image_size` in this database: bytes need a BIGINT, narrower columns contain whole megabytes. */
async function sizeUnit(queries: Queries, { kind }: DialectDifferences): Promise<SizeUnit> {
  const declared =
    kind === 'mysql'
      ? sql<{ type: string }>`select column_type as type from information_schema.columns
          where table_schema = database() and table_name = 'pushed_images' and column_name = 'image_size'`
      : sql<{ type: string }>`select type from pragma_table_info('pushed_images') where name = 'image_size'`;
  const { rows } = await declared.execute(queries);
  const type = rows[0]?.type ?? '';
  if (!/int/i.test(type)) return { kind: 'text' };
  if (kind === 'sqlite' || /^bigint/i.test(type)) return { kind: 'bytes' };
  const bits = { tinyint: 8, smallint: 16, mediumint: 24 }[/^\w+/.exec(type.toLowerCase())?.[0] ?? ''] ?? 32;
  return { kind: 'megabytes', most: 2 ** (/unsigned/i.test(type) ? bits : bits - 1) - 1 };
}

async function replacePlatforms(
  queries: Queries,
  dialect: DialectDifferences,
  rows: readonly PushedPlatforms[],
): Promise<void> {
  const ids = [...new Set(rows.map(({ pushed_id: id }) => id))];
  if (ids.length === 0) return;
  await queries.deleteFrom('pushed_platforms').where('pushed_id', 'in', ids).execute();
  const values = rows.map((row) => ({ ...row }));
  await dialect.upsert(queries, 'pushed_platforms', values, ['pushed_id', 'platform', 'digest']);
}

/** An update that keeps `push_time`, which some tables update automatically. */
export function keepingPushTime(queries: Queries, values: UpdateObject<FerryTables, 'pushed_images'>) {
  return queries
    .updateTable('pushed_images')
    .set(values)
    .set({ push_time: sql<string>`push_time` });
}
