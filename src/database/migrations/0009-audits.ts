import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** Audits and the copies that they found lost, changed or incomplete. Both are pruned by age. */
export const auditTables: readonly TableShape[] = [
  {
    name: 'audits',
    columns: {
      id: { type: 'text(100)', required: true },
      started_at: { type: 'bigint', required: true },
      finished_at: { type: 'bigint' },
      who: { type: 'text(255)', required: true },
      scope: { type: 'long-text', required: true },
      summary: { type: 'long-text' },
      failure: { type: 'long-text' },
    },
    primaryKey: ['id'],
    indexes: [{ name: 'idx_audit_started', columns: ['started_at'] }],
  },
  {
    name: 'audit_findings',
    columns: {
      audit: { type: 'text(100)', required: true },
      image: { type: 'text(600)', required: true },
      target: { type: 'text(64)', required: true },
      kind: { type: 'text(16)', required: true },
      action: { type: 'text(16)', required: true },
      reference: { type: 'text(800)', required: true },
      expected: { type: 'text(150)', required: true },
      found: { type: 'text(150)' },
      reason: { type: 'long-text', required: true },
      found_at: { type: 'bigint', required: true },
      healed_at: { type: 'bigint' },
    },
    primaryKey: ['audit', 'image', 'target'],
    // A copy that is right again is looked for by its image; pruning goes by age.
    indexes: [
      { name: 'idx_finding_image', columns: ['image', 'target'] },
      { name: 'idx_finding_at', columns: ['found_at'] },
    ],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of auditTables) await editor.createTable(shape);
}
