import type { MigrationStep } from '../migration-step.js';
import type { TableShape } from '../table-shape.js';

/** What releases of upstreams consist of: a compose file as published, and the images of its services. */
export const upstreamReleaseTable: TableShape = {
  name: 'upstream_releases',
  columns: {
    upstream: { type: 'text(64)', required: true },
    release_tag: { type: 'text(255)', required: true },
    compose_path: { type: 'text(600)' },
    compose_text: { type: 'long-text' },
    images: { type: 'long-text', required: true },
    stored_at: { type: 'bigint', required: true },
  },
  primaryKey: ['upstream', 'release_tag'],
};

export async function up({ editor }: MigrationStep): Promise<void> {
  await editor.createTable(upstreamReleaseTable);
}
