import type { TableShape } from '../table-shape.js';

/*
 * The ferry's own tables. Lengths are chosen so that every index fits: an image has at most 600 characters, a target's
 * name 64, a run's 100, a repository with its host 512, a digest 150.
 */
export const FERRY_TABLES: readonly TableShape[] = [
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
      dropped: { type: 'long-text' },
    },
    primaryKey: ['image', 'target'],
    indexes: [{ name: 'idx_copy_target_state', columns: ['target', 'state'] }],
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
  },
  {
    name: 'deliveries',
    columns: {
      id: { type: 'text(255)', required: true },
      owner: { type: 'text(255)', required: true },
      received_at: { type: 'bigint', required: true },
    },
    primaryKey: ['id'],
    indexes: [{ name: 'idx_received_at', columns: ['received_at'] }],
  },
  {
    name: 'runs',
    columns: {
      id: { type: 'text(100)', required: true },
      reasons: { type: 'long-text', required: true },
      started_at: { type: 'bigint', required: true },
      finished_at: { type: 'bigint' },
      summary: { type: 'long-text' },
    },
    primaryKey: ['id'],
    indexes: [{ name: 'idx_started_at', columns: ['started_at'] }],
  },
  {
    name: 'run_outcomes',
    columns: {
      run: { type: 'text(100)', required: true },
      image: { type: 'text(600)', required: true },
      target: { type: 'text(64)', required: true },
      state: { type: 'text(16)', required: true },
      code: { type: 'text(40)' },
      reason: { type: 'long-text' },
      reference: { type: 'text(800)' },
      digest: { type: 'text(150)' },
      source_digest: { type: 'text(150)' },
      bytes_read: { type: 'bigint', required: true },
      bytes_sent: { type: 'bigint', required: true },
      recorded_at: { type: 'bigint', required: true },
    },
    primaryKey: ['run', 'image', 'target'],
    indexes: [{ name: 'idx_recorded_at', columns: ['recorded_at'] }],
  },
  {
    name: 'source_budgets',
    columns: {
      host: { type: 'text(255)', required: true },
      remaining: { type: 'integer' },
      budget: { type: 'integer' },
      window_seconds: { type: 'integer' },
      resets_at: { type: 'bigint' },
      updated_at: { type: 'bigint', required: true },
    },
    primaryKey: ['host'],
  },
];
