import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** Which release of each upstream was handled last. */
export const upstreamTable: TableShape = {
  name: 'upstreams',
  columns: {
    name: { type: 'text(64)', required: true },
    release_tag: { type: 'text(255)' },
    etag: { type: 'text(255)' },
    fingerprint: { type: 'text(64)', required: true },
    handled_at: { type: 'bigint', required: true },
    checked_at: { type: 'bigint', required: true },
    etag_since: { type: 'bigint' },
  },
  primaryKey: ['name'],
};

export async function up({ editor }: MigrationStep): Promise<void> {
  await editor.createTable(upstreamTable);
}
