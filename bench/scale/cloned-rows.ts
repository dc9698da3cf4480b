import type { Connection, RowDataPacket } from 'mysql2/promise';

import { nameKey } from '../../src/database/row-shapes.js';
import { imageKey } from '../../src/domain/image-key.js';
import type { TinyImage } from './tiny-images.js';

/**
 * The tables with what the ferry knows of an image. Its history (`runs`, `run_outcomes`, `events`) is not: it is pruned by
 * age.
 */
const tables = [
  'images_for_push',
  'image_copies',
  'pushed_images',
  'pushed_platforms',
  'target_names',
  'blob_locations',
] as const;
type TableName = (typeof tables)[number];

type Value = string | number | Date | Buffer | null;
type Row = Readonly<Record<string, Value>>;

const imagesPerStatement = 500;

export interface Clones {
  /** Copied by the ferry itself: its rows are the pattern. */
  readonly pattern: TinyImage;
  readonly images: readonly TinyImage[];
  readonly sourceHost: string;
  readonly targetHosts: readonly string[];
}

/**
 * Inserts rows as the ferry would have written them: those of an image that it copied, with another image's names,
 * digests and keys. Sizes are equal.
 */
export async function cloneRows(sql: Connection, clones: Clones): Promise<void> {
  const { images } = clones;
  const patterns = new Map<TableName, readonly Row[]>();
  for (const table of tables) {
    const [rows] = await sql.query<RowDataPacket[]>('select * from ??', [table]);
    patterns.set(table, rows);
  }
  const pushed = patterns.get('pushed_images') ?? [];
  const firstId = 1 + Math.max(0, ...pushed.map(({ id }) => Number(id)));
  const oldNames = namesOf(clones.pattern, clones);
  const pattern = new RegExp(oldNames.map((name) => name.replaceAll('.', String.raw`\.`)).join('|'), 'g');

  for (let start = 0; start < images.length; start += imagesPerStatement) {
    const some = images.slice(start, start + imagesPerStatement);
    await sql.query('start transaction');
    for (const table of tables) {
      const rows = some.flatMap((image, n) => {
        const newNames = namesOf(image, clones);
        const replace = (text: string): string =>
          text.replace(pattern, (name) => newNames[oldNames.indexOf(name)] ?? name);
        const pushedIds = new Map(pushed.map(({ id }, k) => [id, firstId + (start + n) * pushed.length + k]));
        return (patterns.get(table) ?? []).map((row) => cloneOf(table, row, { replace, pushedIds }));
      });
      await insert(sql, table, rows);
    }
    await sql.query('commit');
  }
}

function cloneOf(
  table: TableName,
  row: Row,
  {
    replace,
    pushedIds,
  }: { readonly replace: (text: string) => string; readonly pushedIds: ReadonlyMap<Value | undefined, number> },
): Row {
  const copy: Record<string, Value> = {};
  for (const [column, value] of Object.entries(row)) copy[column] = typeof value === 'string' ? replace(value) : value;
  if (table === 'images_for_push') delete copy['id'];
  if (table === 'pushed_images') copy['id'] = pushedIds.get(row['id']) ?? null;
  if (table === 'pushed_platforms') copy['pushed_id'] = pushedIds.get(row['pushed_id']) ?? null;
  return copy;
}

async function insert(sql: Connection, table: TableName, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  // Tags of one repository share the rows of its names.
  await sql.query(`insert ignore into ?? (??) values ?`, [
    table,
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  ]);
}

/** Everything in the rows of an image that is its own. Each name of the pattern occurs nowhere else. */
function namesOf(image: TinyImage, { sourceHost, targetHosts }: Clones): readonly string[] {
  const { repository, tag, digest, blobs } = image;
  const lastPart = repository.slice(repository.lastIndexOf('/') + 1);
  return [
    imageKey(`${sourceHost}/${repository}:${tag}`, 'linux/amd64'),
    ...targetHosts.map((host) => nameKey(`${host}/${repository}:${tag}`)),
    ...[digest, ...blobs.map((blob) => blob.digest)].map((one) => one.slice('sha256:'.length)),
    lastPart,
    tag,
  ];
}
