import type { FerryDatabase } from './ferry-database.js';

const dayMs = 86_400_000;

export interface PrunedHistory {
  readonly runs: number;
  readonly outcomes: number;
  readonly deliveries: number;
  readonly blobLocations: number;
}

/**
 * Forgets runs, what became of images in them, deliveries, and where blobs were seen, when older than so many days;
 * wanted and pushed rows never.
 */
export async function pruneHistory({ queries, dialect }: FerryDatabase, days: number): Promise<PrunedHistory> {
  const before = (await dialect.now(queries)) - days * dayMs;
  // One statement each, outside of a transaction: nobody waits for the others, and a repetition does the rest.
  const outcomes = await queries.deleteFrom('run_outcomes').where('recorded_at', '<', before).executeTakeFirst();
  const runs = await queries.deleteFrom('runs').where('started_at', '<', before).executeTakeFirst();
  const deliveries = await queries.deleteFrom('deliveries').where('received_at', '<', before).executeTakeFirst();
  // A blob that is there still is sent again at worst, and then known again.
  const locations = await queries.deleteFrom('blob_locations').where('seen_at', '<', before).executeTakeFirst();
  return {
    outcomes: Number(outcomes.numDeletedRows),
    runs: Number(runs.numDeletedRows),
    deliveries: Number(deliveries.numDeletedRows),
    blobLocations: Number(locations.numDeletedRows),
  };
}
