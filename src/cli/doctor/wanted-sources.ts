import { withTimeout, CheckTimeout } from '../../checks/check.js';
import type { FerryConfig } from '../../config/read-config.js';
import { openDatabaseReadOnly } from '../../database/ferry-database.js';
import { missingSteps } from '../../database/made-migrations.js';
import { createStores } from '../../database/stores.js';
import { FerryError } from '../../domain/ferry-error.js';

const dockerHub = 'docker.io';
const maxSources = 20;

/**
 * Lists the registries that pending images come from and the configured ones that are not targets; Docker Hub if none.
 *
 * @param timeoutMs timeout of the database query; the database has a check of its own that reports its errors
 */
export async function wantedSources(config: FerryConfig, timeoutMs?: number): Promise<readonly string[]> {
  const isTarget = (host: string): boolean => config.targets.some(({ registry }) => registry === host);
  const described = [...config.hosts].filter(([, { trusted }]) => trusted !== false);
  const configured = described.map(([host]) => host).filter((host) => !isTarget(host));
  const pending = await withTimeout(async () => await pendingHosts(config), timeoutMs).catch(emptyOnError);
  const hosts = [...new Set([...configured, ...pending])];
  return hosts.length === 0 ? [dockerHub] : hosts.slice(0, maxSources);
}

async function pendingHosts({ database: settings }: FerryConfig): Promise<readonly string[]> {
  const database = await openDatabaseReadOnly(settings);
  try {
    if ((await missingSteps(database)).length > 0) return [];
    return await createStores(database).plan.pendingHosts(maxSources);
  } finally {
    await database.close();
  }
}

function emptyOnError(error: unknown): readonly string[] {
  if (error instanceof FerryError || error instanceof CheckTimeout) return [];
  throw error;
}
