import { join } from 'node:path';

import Database from 'libsql';

import { missingImage } from './demo-images.js';
import type { DemoImage } from './demo-images.js';

/** Inserts wanted images with the statement of the scripts that the ferry replaces: they know none of its columns. */
export function insertWantedRows(dataFolder: string, sourceHost: string, images: readonly DemoImage[]): void {
  const database = new Database(join(dataFolder, 'ferry.db'));
  try {
    database.exec('pragma busy_timeout = 5000');
    const insert = database.prepare(
      'insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status, add_time) ' +
        "values (?, ?, ?, ?, 0, datetime('now'))",
    );
    const wanted = images.filter(({ askedBy }) => askedBy === 'row');
    for (const { repository, tag, platforms } of [...wanted, { ...missingImage, platforms: [missingImage.platform] }]) {
      const [namespace, name] = repository.split('/');
      for (const platform of platforms) insert.run([sourceHost, namespace, `${name}:${tag}`, platform]);
    }
  } finally {
    database.close();
  }
}

export interface PushedRow {
  /** `namespace/name:tag` on the source. */
  readonly image: string;
  /** Host of the target. */
  readonly target: string;
  /** Whole name on the target. */
  readonly name: string;
  readonly digest: string;
  readonly platform: string;
}

/** What the ferry wrote down as pushed, in the columns that the older scripts read. */
export function pushedRows(dataFolder: string): readonly PushedRow[] {
  const database = new Database(join(dataFolder, 'ferry.db'), { readonly: true });
  try {
    const rows = database
      .prepare(
        "select orig_name_space || '/' || orig_image_name as image, target_registry_url as target, " +
          'registry_image_name as name, digest, platform from pushed_images order by id',
      )
      .all([]);
    return rows as PushedRow[];
  } finally {
    database.close();
  }
}
