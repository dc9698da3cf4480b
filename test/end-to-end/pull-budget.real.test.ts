import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRegistryClient } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';
import { afterEach, expect, test } from 'vitest';

import type { TemporalClient } from '../../src/client/connect.js';
import { requestSync, syncResult } from '../../src/client/sync-requests.js';
import { createActivitySets } from '../../src/composition/activity-sets.js';
import { readConfig } from '../../src/config/read-config.js';
import type { CopyActivities, MainActivities } from '../../src/contract/activity-types.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { SourcePulls } from '../../src/planning/source-pulls.js';
import { meter } from '../support/metered-source.js';
import { placeImage } from '../support/scripted-images.js';
import { ScriptedRegistry } from '../support/scripted-registry.js';
import { startWorkflowWorker } from '../support/workflow-worker.js';
import { ScriptedWorld } from '../workflows/scripted-world.js';

const workerCount = 10;
const imageCount = 120;
const limit = 100;
const windowMs = 8_000;

const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

test(
  'ten workers never spend more than the one allowance, and what is left goes on when there is more',
  { timeout: 180_000 },
  async () => {
    const [source, target] = [await startRegistry(), await startRegistry()];
    const counted = meter(source, { limit, windowMs, rateLimitSource: '203.0.113.7' });
    const images = Array.from({ length: imageCount }, (_, number) => `org/app-${number}`);
    for (const name of images) placeImage(source, name, { layers: [Buffer.from(name)] });
    const { temporal, config } = await tenWorkers(source, target);
    const stores = await openStores(config.database);
    const imageRequests = images.map((name) => ({
      reference: parseImageReference(`${source.host}/${name}:v1`),
      platform: 'all',
      requestedBy: { by: 'cli' } as const,
    }));
    await stores.wanted.addWanted(imageRequests);

    const { runId } = await requestSync(temporal, { id: 'one', reason: 'test' });
    const result = await syncResult(temporal, runId);

    expect(result).toMatchObject({ pushed: imageCount, waiting: 0, retrying: 0, blocked: 0 });
    // A worker reads what it planned from its memory; one that copies what another planned reads it again.
    expect(counted.pulls.length).toBeGreaterThan(limit);
    expect(counted.mostInAWindow()).toBeLessThanOrEqual(limit);
    expect(counted.refused).toBe(0);
  },
);

async function startRegistry(): Promise<ScriptedRegistry> {
  const registry = await ScriptedRegistry.start();
  ending.push(async () => await registry.stop());
  return registry;
}

async function openStores(settings: Parameters<typeof openDatabase>[0]) {
  const database = await openDatabase(settings);
  ending.push(async () => await database.close());
  await migrate(database);
  return createStores(database);
}

/**
 * Ten sets of activities, each with connections to database and registries, and a memory, of its own. A process may serve
 * a task queue only once: one Temporal worker gives each activity to the next of them.
 */
async function tenWorkers(source: ScriptedRegistry, target: ScriptedRegistry) {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-pulls-'));
  ending.push(async () => rmSync(folder, { recursive: true, force: true }));
  const config = readConfig({ FERRY_DATA_DIR: folder, MY_REGISTRY: target.url, FERRY_IMAGES_AT_ONCE: '20' });
  const sets: (MainActivities & CopyActivities)[] = [];
  const worker = await startWorkflowWorker(inTurn(sets));
  ending.push(async () => await worker.stop());
  const temporal: TemporalClient = {
    client: worker.client,
    withDeadline: async (call) => await call(),
    close: async () => undefined,
  };
  for (let number = 0; number < workerCount; number += 1) sets.push(await activitiesOfOne(config, temporal, source));
  return { temporal, config };
}

function inTurn(sets: readonly (MainActivities & CopyActivities)[]): MainActivities & CopyActivities {
  let turn = 0;
  const names = Object.keys(new ScriptedWorld().activities()) as (keyof MainActivities | keyof CopyActivities)[];
  const given = names.map((name) => {
    const activity = async (input: never): Promise<unknown> => {
      turn += 1;
      return await (sets[turn % sets.length] as unknown as Record<string, (input: never) => Promise<unknown>>)[name]?.(
        input,
      );
    };
    return [name, activity] as const;
  });
  return Object.fromEntries(given) as unknown as MainActivities & CopyActivities;
}

async function activitiesOfOne(
  config: ReturnType<typeof readConfig>,
  temporal: TemporalClient,
  source: ScriptedRegistry,
): Promise<MainActivities & CopyActivities> {
  const stores = await openStores(config.database);
  const pulls = new SourcePulls(stores.budgets);
  const registries = createRegistryClient({
    credentials: async () => undefined,
    hosts: config.hosts,
    trustedHosts: new Set([source.host]),
    pulls,
    // Every wait for the allowance is one of the workflow's, not one that keeps a worker's slot.
    timing: { longestPauseMs: 100 },
  });
  ending.push(async () => registries.close());
  const { main, copy } = createActivitySets(config, { stores, registries, temporal, pulls });
  return { ...main, ...copy };
}
