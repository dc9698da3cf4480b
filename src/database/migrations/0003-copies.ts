import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/**
 * What is on the targets, under which names, and where blobs were put. Lengths are chosen so that every index fits: an
 * image has at most 600 characters, a target's name 64, a repository with its host 512, a digest 150.
 */
export const copyTables: readonly TableShape[] = [
  {
    name: 'image_copies',
    columns: {
      image: { type: 'text(600)', required: true },
      target: { type: 'text(64)', required: true },
      state: { type: 'text(16)', required: true },
      code: { type: 'text(40)' },
      reason: { type: 'long-text' },
      reference: { type: 'text(800)' },
      digest: { type: 'text(150)' },
      source_digest: { type: 'text(150)' },
      attempts: { type: 'integer', required: true },
      last_tried_at: { type: 'bigint', required: true },
      last_pushed_at: { type: 'bigint' },
      replaced: { type: 'text(150)' },
      backup: { type: 'text(800)' },
      dropped: { type: 'long-text' },
      verified: { type: 'long-text' },
      drift: { type: 'text(16)' },
      rollback_to: { type: 'text(150)' },
      before_rollback: { type: 'long-text' },
      refused_rollback: { type: 'text(150)' },
      held_digest: { type: 'text(150)' },
      held_at: { type: 'bigint' },
      held_by: { type: 'text(255)' },
    },
    primaryKey: ['image', 'target'],
    // Few copies are held, or were found lost or changed.
    indexes: [
      { name: 'idx_copy_target_state', columns: ['target', 'state'] },
      { name: 'idx_copy_held', columns: ['held_digest'] },
      { name: 'idx_copy_drift', columns: ['drift', 'target'] },
    ],
  },
  {
    name: 'pushed_platforms',
    columns: {
      pushed_id: { type: 'bigint', required: true },
      platform: { type: 'text(255)', required: true },
      digest: { type: 'text(150)', required: true },
      size: { type: 'bigint', required: true },
    },
    primaryKey: ['pushed_id', 'platform', 'digest'],
  },
  {
    name: 'target_names',
    columns: {
      target_repository: { type: 'text(512)', required: true },
      target_registry: { type: 'text(255)', required: true },
      source_repository: { type: 'text(512)', required: true },
      target: { type: 'text(64)' },
      claimed_at: { type: 'bigint', required: true },
    },
    primaryKey: ['target_repository'],
    indexes: [{ name: 'idx_source_repository', columns: ['source_repository'] }],
  },
  {
    name: 'blob_locations',
    columns: {
      registry: { type: 'text(255)', required: true },
      digest: { type: 'text(150)', required: true },
      repository: { type: 'text(255)', required: true },
      seen_at: { type: 'bigint', required: true },
    },
    primaryKey: ['registry', 'digest', 'repository'],
    // They are forgotten by their age, a batch at a time.
    indexes: [{ name: 'idx_seen_at', columns: ['seen_at'] }],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of copyTables) await editor.createTable(shape);
}
