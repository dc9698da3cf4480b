import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/**
 * Uploads that were not finished, from which the next process continues, and what was learned about the hosts that take
 * them. Their natural key would be longer than an index may be: the key is a hash of it.
 */
export const uploadTables: readonly TableShape[] = [
  {
    name: 'upload_sessions',
    columns: {
      upload_key: { type: 'key', required: true },
      registry: { type: 'text(255)', required: true },
      repository: { type: 'text(255)', required: true },
      tag: { type: 'text(128)', required: true },
      digest: { type: 'text(150)', required: true },
      // The name of the image on the target, as in image_copies.
      reference: { type: 'text(800)', required: true },
      location: { type: 'long-text', required: true },
      is_foreign: { type: 'integer', required: true },
      size: { type: 'bigint', required: true },
      confirmed: { type: 'bigint', required: true },
      hashes: { type: 'long-text', required: true },
      saved_at: { type: 'bigint', required: true },
    },
    primaryKey: ['upload_key'],
    indexes: [{ name: 'idx_upload_saved_at', columns: ['saved_at'] }],
  },
  {
    name: 'host_habits',
    columns: {
      registry: { type: 'text(255)', required: true },
      habits: { type: 'long-text', required: true },
      learned_at: { type: 'bigint', required: true },
    },
    primaryKey: ['registry'],
  },
];

export async function up({ editor }: MigrationStep): Promise<void> {
  for (const shape of uploadTables) await editor.createTable(shape);
}
