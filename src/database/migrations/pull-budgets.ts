import type { SchemaEditor } from '../schema-editor.js';
import type { TableShape } from '../table-shape.js';

/** A host has an allowance for each spender (an address, an account) that it tells apart. */
export const PULL_TABLES: readonly TableShape[] = [
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

/** The first form of `source_budgets` knew no spenders, and nothing ever wrote to it. */
export async function makePullBudgets(editor: SchemaEditor): Promise<void> {
  await editor.dropTable('source_budgets');
  for (const shape of PULL_TABLES) await editor.createTable(shape);
}
