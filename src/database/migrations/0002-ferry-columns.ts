import type { MigrationStep } from '../migration-step.js';
import type { ColumnShape } from '../table-shape.js';

/** The older scripts' own columns that their first versions may not have had: without a value they mean their default. */
const YOUNGER_WANTED_COLUMNS: Readonly<Record<string, ColumnShape>> = {
  source_registry_url: { type: 'text(255)' },
  orig_name_space: { type: 'text(255)' },
  platform: { type: 'text(255)' },
  push_status: { type: 'integer' },
  add_time: { type: 'time' },
};

const YOUNGER_PUSHED_COLUMNS: Readonly<Record<string, ColumnShape>> = {
  source_registry_url: { type: 'text(255)' },
  orig_name_space: { type: 'text(255)' },
  orig_image_name: { type: 'text(512)' },
  push_time: { type: 'time' },
  targ_name_space: { type: 'text(255)' },
  push_status: { type: 'integer' },
  image_size: { type: 'text(64)' },
  digest: { type: 'text(255)' },
  platform: { type: 'text(255)' },
};

/** What the ferry adds. */
export const WANTED_COLUMNS: Readonly<Record<string, ColumnShape>> = {
  image_key: { type: 'key' },
  duplicate_of: { type: 'bigint' },
  image: { type: 'text(600)' },
  ferry_status: { type: 'integer' },
  source_digest: { type: 'text(150)' },
  checked_at: { type: 'bigint' },
  first_missing_at: { type: 'bigint' },
  blocked_code: { type: 'text(40)' },
  blocked_reason: { type: 'long-text' },
  requested_by: { type: 'long-text' },
  requested_at: { type: 'bigint' },
  force_copy: { type: 'integer' },
  note: { type: 'long-text' },
  targets: { type: 'long-text' },
  verified_at: { type: 'bigint' },
};

export const PUSHED_COLUMNS: Readonly<Record<string, ColumnShape>> = {
  name_key: { type: 'key' },
  image: { type: 'text(600)' },
  source_digest: { type: 'text(150)' },
  verified_at: { type: 'bigint' },
};

/** What the ferry adds to the older scripts' tables: columns at the end, all nullable, so that their inserts go on. */
export async function up({ editor }: MigrationStep): Promise<void> {
  await editor.modernise('images_for_push');
  await editor.addColumns('images_for_push', { ...YOUNGER_WANTED_COLUMNS, ...WANTED_COLUMNS });
  await editor.addIndexIfPossible('images_for_push', { name: 'idx_push_status', columns: ['push_status'] });
  await editor.addIndexIfPossible('images_for_push', { name: 'idx_orig_image_name', columns: ['orig_image_name'] });
  await editor.addIndex('images_for_push', { name: 'idx_image_key', columns: ['image_key'], unique: true });
  await editor.addIndex('images_for_push', { name: 'idx_wanted_image', columns: ['image'] });
  await editor.addIndex('images_for_push', { name: 'idx_duplicate_of', columns: ['duplicate_of'] });

  await editor.modernise('pushed_images');
  await editor.addColumns('pushed_images', { ...YOUNGER_PUSHED_COLUMNS, ...PUSHED_COLUMNS });
  // Tags differ in upper and lower case, and a row may list many platforms.
  await editor.widenText('pushed_images', 'registry_image_name', { binary: true });
  await editor.widenText('pushed_images', 'platform', { length: 255 });
  // A digest has 71 characters, and not every script left room for that.
  await editor.widenText('pushed_images', 'digest', { length: 150 });
  await editor.widenText('pushed_images', 'image_size', { length: 32 });
  await editor.addIndexIfPossible('pushed_images', {
    name: 'idx_registry_target_image',
    columns: ['target_registry_url', 'registry_image_name'],
    unique: true,
  });
  await editor.addIndex('pushed_images', { name: 'idx_name_key', columns: ['name_key'], unique: true });
  await editor.addIndex('pushed_images', { name: 'idx_pushed_image', columns: ['image'] });
}
