import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** What happened: runs with their outcomes, deliveries of webhooks, state changes, requests to the server. All of them are pruned by age. */
export const historyTables: readonly TableShape[] = [
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
      // Notifications: NULL until they have considered it.
      considered: { type: 'integer' },
    },
    primaryKey: ['id'],
    indexes: [
      { name: 'idx_started_at', columns: ['started_at'] },
      { name: 'idx_run_considered', columns: ['considered', 'finished_at'] },
    ],
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
      replaced: { type: 'text(150)' },
      backup: { type: 'text(800)' },
      bytes_read: { type: 'bigint', required: true },
      bytes_sent: { type: 'bigint', required: true },
      recorded_at: { type: 'bigint', required: true },
    },
    primaryKey: ['run', 'image', 'target'],
    indexes: [{ name: 'idx_recorded_at', columns: ['recorded_at'] }],
  },
  {
    name: 'events',
    columns: {
      id: { type: 'id' },
      at: { type: 'bigint', required: true },
      kind: { type: 'text(20)', required: true },
      image: { type: 'text(600)', required: true },
      target: { type: 'text(64)', required: true },
      from_state: { type: 'text(16)' },
      to_state: { type: 'text(16)', required: true },
      code: { type: 'text(40)' },
      reason: { type: 'long-text' },
      run: { type: 'text(100)' },
      who: { type: 'text(255)' },
      // Notifications: NULL until they have considered it.
      considered: { type: 'integer' },
    },
    // The feed goes by ID, the timeline of an image by image and ID, pruning by age, notifications by what is left to consider.
    indexes: [
      { name: 'idx_event_image', columns: ['image', 'id'] },
      { name: 'idx_event_at', columns: ['at'] },
      { name: 'idx_event_considered', columns: ['considered', 'id'] },
    ],
  },
  {
    name: 'requests',
    columns: {
      id: { type: 'id' },
      at: { type: 'bigint', required: true },
      kind: { type: 'text(16)', required: true },
      method: { type: 'text(10)', required: true },
      route: { type: 'text(255)', required: true },
      status: { type: 'integer', required: true },
      outcome: { type: 'text(16)', required: true },
      event: { type: 'text(255)' },
      repository: { type: 'text(255)' },
      delivery: { type: 'text(255)' },
      who: { type: 'text(255)' },
      reason: { type: 'long-text' },
    },
    // Lists go by ID, with a filter or without; pruning by age.
    indexes: [
      { name: 'idx_request_at', columns: ['at'] },
      { name: 'idx_request_kind', columns: ['kind', 'id'] },
      { name: 'idx_request_outcome', columns: ['outcome', 'id'] },
    ],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of historyTables) await editor.createTable(shape);
}
