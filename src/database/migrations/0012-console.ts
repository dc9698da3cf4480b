import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** Checks of upstreams, which Temporal forgets after its retention, and sessions of browsers that were signed out. Pruned by age. */
export const consoleTables: readonly TableShape[] = [
  {
    name: 'upstream_checks',
    columns: {
      id: { type: 'text(100)', required: true },
      upstream: { type: 'text(64)', required: true },
      workflow_id: { type: 'text(255)', required: true },
      run_id: { type: 'text(64)', required: true },
      started_at: { type: 'bigint', required: true },
      finished_at: { type: 'bigint', required: true },
      fault: { type: 'long-text' },
      report: { type: 'long-text' },
    },
    primaryKey: ['id'],
    indexes: [
      { name: 'idx_check_upstream', columns: ['upstream', 'finished_at'] },
      { name: 'idx_check_finished', columns: ['finished_at'] },
    ],
  },
  {
    name: 'ended_sessions',
    columns: {
      id: { type: 'text(64)', required: true },
      expires_at: { type: 'bigint', required: true },
    },
    primaryKey: ['id'],
    indexes: [{ name: 'idx_session_expires', columns: ['expires_at'] }],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of consoleTables) await editor.createTable(shape);
}
