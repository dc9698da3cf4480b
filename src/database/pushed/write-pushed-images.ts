/** Writes `pushed_images` and `pushed_platforms` in the form that readers of the older scripts' tables expect. */
import { parseImageReference } from '@image-ferry/registry/reference';
import { sql } from 'kysely';
import type { UpdateObject } from 'kysely';

import { groupRows } from '../../domain/group-rows.js';
import { rowFromReference } from '../../domain/legacy-row.js';
import { PushStatus } from '../../domain/wanted-image.js';
import type { PlatformCopy, TargetOutcome } from '../../domain/wanted-image.js';
import type { DialectDifferences, Queries } from '../dialect-differences.js';
import { pagesOf } from '../insert-rows.js';
import { nameOnTarget, printName } from '../name-on-target.js';
import { nameKey } from '../row-shapes.js';
import { utcText } from '../sqlite/sqlite-parameters.js';
import type { FerryTables, PushedPlatforms } from '../tables.js';
import { perRow } from '../wanted/wanted-rows.js';
import { sizeIn, sizeUnitOf } from './size-unit.js';
import type { SizeUnit } from './size-unit.js';

const longestPlatformList = 255;

type CopyThere = Extract<TargetOutcome, { state: 'pushed' | 'adopted' }>;

/** A copy that is on its target, and what it was copied from. */
export interface SourcedCopy {
  readonly copy: CopyThere;
  readonly source: Source;
}

/**
 * Inserts or updates the rows of names on targets and of their platforms, for many images in as many statements as for
 * one; each name belongs to one of the images.
 */
export async function recordPushedCopies(
  queries: Queries,
  dialect: DialectDifferences,
  copies: readonly SourcedCopy[],
): Promise<void> {
  if (copies.length === 0) return;
  const unit = await sizeUnitOf(queries, dialect);
  const named = copies.map(({ copy, source }) => ({ copy, source, ...pushedNameOf(copy.reference) }));
  const pushedNames = [...new Map(named.map((name) => [name.key, name])).values()];
  const existing = await idsOf(queries, pushedNames);
  const absent: typeof pushedNames = [];
  const updates: RowUpdate[] = [];
  for (const name of pushedNames) {
    const id = existing.get(name.key);
    if (id === undefined) absent.push(name);
    // The names in existing rows are not changed, since other programs search for them.
    else updates.push({ id, columns: toldColumns(name.copy, name.source, unit) });
  }
  await updateRows(queries, updates);
  for (const page of pagesOf(absent)) {
    const rows = page.map(({ copy, source, columns }) => ({ ...toldColumns(copy, source, unit), ...columns }));
    await queries.insertInto('pushed_images').values(rows).execute();
  }
  const ids = new Map([...existing, ...(await idsOf(queries, absent))]);
  const platforms = named.flatMap(({ copy, key }) => {
    const id = ids.get(key);
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

/** Whether two references are one name on a target. */
export function pushedNameKey(reference: string): string {
  return pushedNameOf(reference).key;
}

/**
 * By key, IDs of rows with these keys, or with the same names if an older script wrote them since its table was last read. It reads
 * without locks: if another writer is faster, the unique key causes a conflict, and the transaction is retried.
 */
async function idsOf(queries: Queries, pushedNames: readonly NameColumns[]): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const page of pagesOf(pushedNames)) {
    const keys = page.map(({ key }) => key);
    const hosts = [...new Set(page.map(({ columns }) => columns.target_registry_url))];
    const names = page.map(({ columns }) => columns.registry_image_name);
    const rows = await queries
      .selectFrom('pushed_images')
      .select(['id', 'name_key', 'target_registry_url', 'registry_image_name'])
      .where((is) =>
        is.or([
          is('name_key', 'in', keys),
          is.and([is('target_registry_url', 'in', hosts), is('registry_image_name', 'in', names)]),
        ]),
      )
      .orderBy('id')
      .execute();
    const byKey = new Map(rows.map((row) => [row.name_key, row.id]));
    const byName = groupRows(rows, (row) => row.registry_image_name);
    for (const { reference, key, columns } of page) {
      const sameName = byName.get(reference) ?? [];
      const ofHost = sameName.find((row) => row.target_registry_url === columns.target_registry_url);
      const id = byKey.get(key) ?? ofHost?.id;
      if (id !== undefined) ids.set(key, id);
    }
  }
  return ids;
}

type PushedColumns = ReturnType<typeof toldColumns>;

interface RowUpdate {
  readonly id: number;
  readonly columns: PushedColumns;
}

/** One statement for the rows that get the same columns. */
async function updateRows(queries: Queries, updates: readonly RowUpdate[]): Promise<void> {
  for (const alike of groupRows(updates, ({ columns }) => Object.keys(columns).join()).values()) {
    for (const page of pagesOf(alike)) {
      const names = Object.keys(page[0]?.columns ?? {}) as (keyof PushedColumns)[];
      const values = names.map((name) => [name, perRow(page, ({ columns }) => columns[name] ?? null)]);
      await queries
        .updateTable('pushed_images')
        .set(Object.fromEntries(values) as UpdateObject<FerryTables, 'pushed_images'>)
        .where(
          'id',
          'in',
          page.map(({ id }) => id),
        )
        .execute();
    }
  }
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

async function replacePlatforms(
  queries: Queries,
  dialect: DialectDifferences,
  rows: readonly PushedPlatforms[],
): Promise<void> {
  const ids = [...new Set(rows.map(({ pushed_id: id }) => id))];
  for (const page of pagesOf(ids))
    await queries.deleteFrom('pushed_platforms').where('pushed_id', 'in', page).execute();
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
