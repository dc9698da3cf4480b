import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** Pull allowances of sources. A host may count each address or account (its rate limit source) separately. */
export const pullTables: readonly TableShape[] = [
  {
    name: 'source_budgets',
    columns: {
      host: { type: 'text(255)', required: true },
      rate_limit_source: { type: 'text(255)', required: true },
      pulls: { type: 'integer', required: true },
      window_ms: { type: 'bigint', required: true },
      acquired_at: { type: 'bigint' },
      remaining: { type: 'integer' },
      observed_at: { type: 'bigint' },
    },
    primaryKey: ['host', 'rate_limit_source'],
  },
  {
    name: 'source_pulls',
    columns: {
      host: { type: 'text(255)', required: true },
      rate_limit_source: { type: 'text(255)', required: true },
      slice_at: { type: 'bigint', required: true },
      pulls: { type: 'integer', required: true },
    },
    primaryKey: ['host', 'rate_limit_source', 'slice_at'],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of pullTables) await editor.createTable(shape);
}
