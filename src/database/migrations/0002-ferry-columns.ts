import type { MigrationStep } from '../migration-step.js';
import type { ColumnShape } from '../table-shape.js';

/** Columns of the older scripts that their first versions may lack: NULL means their default. */
const youngerWantedColumns: Readonly<Record<string, ColumnShape>> = {
  source_registry_url: { type: 'text(255)' },
  orig_name_space: { type: 'text(255)' },
  platform: { type: 'text(255)' },
  push_status: { type: 'integer' },
  add_time: { type: 'time' },
};

const youngerPushedColumns: Readonly<Record<string, ColumnShape>> = {
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

/** Characters of `announced_by`: its index has a limit. */
export const announcedLength = 400;

/** What the ferry adds. */
export const wantedColumns: Readonly<Record<string, ColumnShape>> = {
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
  announced_by: {
    type: `text(${announcedLength})`,
    computed: `case when substr(requested_by, 1, 16) = '{"by":"upstream"' then substr(requested_by, 1, ${announcedLength}) end`,
  },
  // Few rows have a value in these, so that an index finds them among many.
  asked_at: {
    type: 'bigint',
    computed: `case when push_status = 0 and (checked_at is null or requested_at >= checked_at) then requested_at end`,
  },
  is_unread: {
    type: 'integer',
    computed: `case when image_key is null and duplicate_of is null
      and (push_status is null or push_status not in (2, 3) or blocked_code is null) then 1 end`,
  },
  is_reset: {
    type: 'integer',
    computed: `case when push_status = 0 and (ferry_status is null or ferry_status <> 0)
      or push_status is null and ferry_status is not null then 1 end`,
  },
  is_claimed: {
    type: 'integer',
    computed: `case when push_status = 1 and (verified_at is null or ferry_status is null or ferry_status <> 1) then 1 end`,
  },
};

export const pushedColumns: Readonly<Record<string, ColumnShape>> = {
  name_key: { type: 'key' },
  image: { type: 'text(600)' },
  source_digest: { type: 'text(150)' },
  verified_at: { type: 'bigint' },
};

/** Adds the ferry's columns to the older scripts' tables: at the end and nullable, so that the scripts' inserts still work. */
export async function up({ editor }: MigrationStep): Promise<void> {
  await editor.modernise('images_for_push');
  await editor.addColumns('images_for_push', { ...youngerWantedColumns, ...wantedColumns });
  await editor.addIndexIfPossible('images_for_push', { name: 'idx_push_status', columns: ['push_status'] });
  await editor.addIndexIfPossible('images_for_push', { name: 'idx_orig_image_name', columns: ['orig_image_name'] });
  await editor.addIndex('images_for_push', { name: 'idx_image_key', columns: ['image_key'], unique: true });
  await editor.addIndex('images_for_push', { name: 'idx_wanted_image', columns: ['image'] });
  await editor.addIndex('images_for_push', { name: 'idx_duplicate_of', columns: ['duplicate_of'] });
  await editor.addIndex('images_for_push', { name: 'idx_asked_at', columns: ['asked_at'] });
  await editor.addIndex('images_for_push', { name: 'idx_announced_by', columns: ['announced_by'] });
  await editor.addIndex('images_for_push', { name: 'idx_unread', columns: ['is_unread'] });
  await editor.addIndex('images_for_push', { name: 'idx_reset', columns: ['is_reset'] });
  // Also for counts of all rows, which read this index alone.
  await editor.addIndex('images_for_push', {
    name: 'idx_claimed',
    columns: ['is_claimed', 'push_status', 'duplicate_of'],
  });

  await editor.modernise('pushed_images');
  await editor.addColumns('pushed_images', { ...youngerPushedColumns, ...pushedColumns });
  // Tags are case-sensitive, and a row may list many platforms.
  await editor.widenText('pushed_images', 'registry_image_name', { binary: true });
  await editor.widenText('pushed_images', 'platform', { length: 255 });
  // A digest has 71 characters, and some scripts' columns are shorter.
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
