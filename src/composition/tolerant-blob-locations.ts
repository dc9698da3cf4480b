import type { Logger } from '../logger.js';
import type { BlobLocations } from '@image-ferry/registry';

/** A memory that fails costs mounts, never a copy: its faults go to the log, and nothing is known then. */
export function tolerantBlobLocations(locations: BlobLocations, logger: Logger): BlobLocations {
  return {
    known: async (registry, digests) =>
      await orElse(async () => await locations.known(registry, digests), new Map<string, readonly string[]>()),
    record: async (registry, repository, digests) =>
      await orElse(async () => await locations.record(registry, repository, digests), undefined),
    forget: async (registry, repository, digest) =>
      await orElse(async () => await locations.forget(registry, repository, digest), undefined),
  };

  async function orElse<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'blob locations are not to be had: blobs are sent instead of mounted');
      return otherwise;
    }
  }
}
