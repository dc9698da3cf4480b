import type { FerryConfig } from '../../config/read-config.js';
import { lookIntoDatabase } from '../../database/ferry-database.js';
import { missingSteps } from '../../database/run-migrations.js';
import { createStores } from '../../database/stores.js';
import { FerryError } from '../../domain/ferry-error.js';
import { inTime, LateAnswer } from './check.js';

const dockerHub = 'docker.io';
const mostSources = 20;

/**
 * Registries that pending images come from, and those that are described without being targets; Docker Hub alone if none.
 *
 * @param longestMs the database has so long to tell which are pending; it has a check of its own, which says what is wrong
 */
export async function wantedSources(config: FerryConfig, longestMs?: number): Promise<readonly string[]> {
  const isTarget = (host: string): boolean => config.targets.some(({ registry }) => registry === host);
  const described = [...config.hosts].filter(([, { trusted }]) => trusted !== false);
  const configured = described.map(([host]) => host).filter((host) => !isTarget(host));
  const pending = await inTime(async () => await pendingHosts(config), longestMs).catch(noneOf);
  const hosts = [...new Set([...configured, ...pending])];
  return hosts.length === 0 ? [dockerHub] : hosts.slice(0, mostSources);
}

async function pendingHosts({ database: settings }: FerryConfig): Promise<readonly string[]> {
  const database = await lookIntoDatabase(settings);
  try {
    if ((await missingSteps(database)).length > 0) return [];
    return await createStores(database).plan.pendingHosts(mostSources);
  } finally {
    await database.close();
  }
}

function noneOf(error: unknown): readonly string[] {
  if (error instanceof FerryError || error instanceof LateAnswer) return [];
  throw error;
}
