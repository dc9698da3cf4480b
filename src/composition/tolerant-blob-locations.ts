import type { BlobLocations } from '@image-ferry/registry';

import { errorMessage } from '../domain/error-message.js';
import type { Logger } from '../logger.js';

/** A failing blob location cache costs mounts, never a copy: its errors are logged, and blobs are uploaded. */
export function tolerantBlobLocations(locations: BlobLocations, logger: Logger): BlobLocations {
  return {
    known: async (registry, digests) =>
      await orElse(async () => await locations.known(registry, digests), new Map<string, readonly string[]>()),
    record: async (registry, repository, digests) =>
      await orElse(async () => await locations.record(registry, repository, digests), undefined),
    forget: async (registry, repository, digest) =>
      await orElse(async () => await locations.forget(registry, repository, digest), undefined),
  };

  async function orElse<T>(query: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await query();
    } catch (error) {
      const reason = errorMessage(error);
      logger.warn({ reason }, 'blob location cache unavailable: uploading instead of mounting');
      return otherwise;
    }
  }
}
