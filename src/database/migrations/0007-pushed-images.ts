import { adoptPushedImages } from '../adoption/adopt-pushed-images.js';
import { inTransaction } from '../ferry-database.js';
import type { MigrationStep } from '../migration-step.js';

/** Rows of `pushed_images` that older scripts wrote are read once: their images, and the names that those own. */
export async function up({ queries, dialect }: MigrationStep): Promise<void> {
  await adoptPushedImages({ queries, dialect, transaction: async (work) => await inTransaction(queries, work) });
}
