import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';

import { missingImage } from './demo-images.js';
import type { DemoImage } from './demo-images.js';
import { dataFolder } from './stage.js';
import type { Stage } from './stage.js';

const arrivalMs = 60_000;

/** Inserts wanted images with the statement of the scripts that the ferry replaces: they know none of its columns. */
export function insertWantedRows(folder: string, sourceHost: string, images: readonly DemoImage[]): void {
  const database = new Database(join(folder, 'ferry.db'));
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
export function pushedRows(folder: string): readonly PushedRow[] {
  const database = new Database(join(folder, 'ferry.db'), { readonly: true });
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

/** Waits until images are on both targets, a minute at most: what follows reports, image by image, what did not arrive. */
export async function untilPushed(
  stage: Pick<Stage, 'environment'>,
  images: readonly { readonly repository: string; readonly tag: string }[],
): Promise<void> {
  const deadline = Date.now() + arrivalMs;
  for (;;) {
    const rows = pushedRows(dataFolder(stage));
    const arrived = images.every(
      ({ repository, tag }) => rows.filter(({ image }) => image === `${repository}:${tag}`).length === 2,
    );
    if (arrived || Date.now() > deadline) return;
    await sleep(200);
  }
}
