import { cloneRows } from './cloned-rows.js';
import type { ScaleStage } from './scale-stage.js';
import { tinyImageNumber } from './tiny-images.js';
import type { TinyImage } from './tiny-images.js';

/** The image whose rows are cloned. Its names have as many letters as those of every other tiny image. */
export const pattern = tinyImageNumber(999_999, 'ptn');

export function tinyImages(count: number, prefix?: string): readonly TinyImage[] {
  return Array.from({ length: count }, (_, n) => tinyImageNumber(n, prefix));
}

/** Requests images as other programs do: by rows that know none of the ferry's own columns. */
export async function insertWanted({ sql, sourceHost }: ScaleStage, images: readonly TinyImage[]): Promise<void> {
  const rows = images.map(({ repository, tag }) => {
    const [namespace = '', ...rest] = repository.split('/');
    return [sourceHost, namespace, `${rest.join('/')}:${tag}`, 'linux/amd64', 0, '2026-01-01 00:00:00'];
  });
  const columns = 'source_registry_url, orig_name_space, orig_image_name, platform, push_status, add_time';
  for (let start = 0; start < rows.length; start += 1000) {
    await sql.query(`insert into images_for_push (${columns}) values ?`, [rows.slice(start, start + 1000)]);
  }
}

/** Inserts rows as the ferry writes them: it copies the pattern, which the source must have, and the others get the same. */
export async function insertPushed(stage: ScaleStage, images: readonly TinyImage[]): Promise<void> {
  await insertWanted(stage, [pattern]);
  await syncToEnd(stage);
  await cloneRows(stage.sql, { ...stage, pattern, images });
  for (const table of ['images_for_push', 'image_copies', 'pushed_images', 'pushed_platforms', 'blob_locations'])
    await stage.sql.query('analyze table ??', [table]);
}

/** As `ferry retry` and other programs do it. */
export async function setPending({ sql }: ScaleStage, images: readonly TinyImage[]): Promise<void> {
  const names = images.map(({ repository, tag }) => `${repository.slice(repository.indexOf('/') + 1)}:${tag}`);
  for (let start = 0; start < names.length; start += 1000) {
    const some = names.slice(start, start + 1000);
    await sql.query('update images_for_push set push_status = 0 where orig_image_name in (?)', [some]);
  }
}

export async function syncToEnd(stage: ScaleStage): Promise<void> {
  await stage.ferry(['sync', '--wait']);
}

/** @throws Error if an image is not recorded as pushed */
export async function assertAllPushed({ sql }: ScaleStage, rows: number): Promise<void> {
  const [found] = await sql.query('select push_status as status, count(*) as count from images_for_push group by 1');
  const counts = found as { readonly status: number; readonly count: number }[];
  if (counts.length === 1 && counts[0]?.status === 1 && Number(counts[0].count) === rows) return;
  throw new Error(`expected ${rows} pushed rows, but found ${JSON.stringify(counts)}`);
}
