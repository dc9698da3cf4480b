import type { FerryConfig } from '../../config/read-config.js';
import { lookIntoDatabase } from '../../database/ferry-database.js';
import { missingSteps } from '../../database/migrate.js';
import { createStores } from '../../database/stores.js';
import { FerryError } from '../../domain/ferry-error.js';
import { parseImageReference } from '../../domain/image-reference.js';

const dockerHub = 'docker.io';
const mostSources = 20;

/** Registries that pending images come from, and those that are configured without being targets; Docker Hub alone if none. */
export async function wantedSources(config: FerryConfig): Promise<readonly string[]> {
  const isTarget = (host: string): boolean => config.targets.some(({ registry }) => registry === host);
  const described = [...config.hosts].filter(([, { trusted }]) => trusted !== false);
  const configured = described.map(([host]) => host).filter((host) => !isTarget(host));
  const hosts = [...new Set([...configured, ...(await pendingHosts(config))])];
  return hosts.length === 0 ? [dockerHub] : hosts.slice(0, mostSources);
}

async function pendingHosts({ database: settings, targets }: FerryConfig): Promise<readonly string[]> {
  try {
    const database = await lookIntoDatabase(settings);
    try {
      if ((await missingSteps(database)).length > 0) return [];
      const { images } = await createStores(database).plan.pending(targets);
      return images.map(({ image }) => parseImageReference(image).host);
    } finally {
      await database.close();
    }
  } catch (error) {
    // The database has a check of its own, which says what is wrong with it.
    if (error instanceof FerryError) return [];
    throw error;
  }
}
