/** The unit of `pushed_images.image_size`, which differs between the tables of older scripts. */
import { sql } from 'kysely';

import type { DialectDifferences, Queries } from '../dialect-differences.js';

const megabyte = 1024 * 1024;

export type SizeUnit = { readonly kind: 'text' | 'bytes' } | { readonly kind: 'megabytes'; readonly most: number };

/** By open database: only a migration changes the type of a column. */
const known = new WeakMap<DialectDifferences, SizeUnit>();

/** The unit in this database; reads the schema once per process. */
export async function sizeUnitOf(queries: Queries, dialect: DialectDifferences): Promise<SizeUnit> {
  const unit = known.get(dialect) ?? unitOf(await columnType(queries, dialect), dialect);
  known.set(dialect, unit);
  return unit;
}

/** After a migration the schema is read again. */
export function forgetSizeUnit(dialect: DialectDifferences): void {
  known.delete(dialect);
}

/** Text columns contain megabytes, as in the older scripts. */
export function sizeIn(unit: SizeUnit, bytes: number): string | number {
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

/** Bytes need a BIGINT, narrower columns contain whole megabytes. */
function unitOf(type: string, { kind }: DialectDifferences): SizeUnit {
  if (!/int/i.test(type)) return { kind: 'text' };
  if (kind === 'sqlite' || /^bigint/i.test(type)) return { kind: 'bytes' };
  const bits = { tinyint: 8, smallint: 16, mediumint: 24 }[/^\w+/.exec(type.toLowerCase())?.[0] ?? ''] ?? 32;
  return { kind: 'megabytes', most: 2 ** (/unsigned/i.test(type) ? bits : bits - 1) - 1 };
}

async function columnType(queries: Queries, { kind }: DialectDifferences): Promise<string> {
  const declared =
    kind === 'mysql'
      ? sql<{ type: string }>`select column_type as type from information_schema.columns
          where table_schema = database() and table_name = 'pushed_images' and column_name = 'image_size'`
      : sql<{ type: string }>`select type from pragma_table_info('pushed_images') where name = 'image_size'`;
  const { rows } = await declared.execute(queries);
  return rows[0]?.type ?? '';
}
