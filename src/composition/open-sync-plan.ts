import { surveyCopy } from '@image-ferry/registry';
import type { PullAllowance } from '@image-ferry/registry/pull-quota';

import type { FerryConfig } from '../config/read-config.js';
import { assertUsable } from '../database/forms/assert-usable.js';
import { examineTables } from '../database/forms/examine-tables.js';
import { createStores } from '../database/stores.js';
import type { Stores } from '../database/stores.js';
import type { PendingPlan, PlanSink, PlanSummary } from '../domain/plan-types.js';
import { PlannedPulls } from '../planning/planned-pulls.js';
import { planSync } from '../planning/sync-plan.js';
import type { SyncPlanPorts } from '../planning/sync-plan.js';
import { createCopyEngine } from './copy-engine.js';
import { openReadOnly } from './open-stores.js';
import { openRegistries } from './registries.js';

export interface PlanOptions {
  /** Also read manifests from sources that count pulls. */
  readonly spendPulls: boolean;
  readonly signal: AbortSignal;
}

/**
 * Opens database and registries, makes the plan and closes them.
 *
 * @param sink receives the findings as they are made
 * @throws FerryError if the tables are not up to date: migrating them would change them
 */
export async function planOfSync(
  config: FerryConfig,
  sink: PlanSink,
  { spendPulls, signal }: PlanOptions,
): Promise<PlanSummary> {
  const database = await openReadOnly(config.database);
  try {
    assertUsable(await examineTables(database, { isMigrated: true }), database.place, { convertEngine: false });
    const stores = createStores(database);
    return await withPlanPorts(config, stores, spendPulls, async (ports) => await planSync(ports, sink, signal));
  } finally {
    await database.close();
  }
}

/** The same for some images, as if they were pending. */
export async function planOfImages(
  config: FerryConfig,
  images: AsyncIterable<readonly PendingPlan[]>,
  sink: PlanSink,
  { stores, spendPulls, signal }: PlanOptions & { readonly stores: Stores },
): Promise<PlanSummary> {
  const plan: SyncPlanPorts['plan'] = {
    async *pendingImages() {
      yield* images;
    },
    async *refusedRows() {},
    unverified: async () => 0,
  };
  return await withPlanPorts(config, stores, spendPulls, async (ports) => {
    return await planSync({ ...ports, plan }, sink, signal);
  });
}

async function withPlanPorts<T>(
  config: FerryConfig,
  stores: Stores,
  spendPulls: boolean,
  work: (ports: SyncPlanPorts) => Promise<T>,
): Promise<T> {
  const pulls = new PlannedPulls(await knownAllowances(stores, config), spendPulls);
  const blobLocations = {
    known: async (...asked: Parameters<typeof stores.blobs.known>) => await stores.blobs.known(...asked),
    record: async () => undefined,
    forget: async () => undefined,
  };
  const registries = openRegistries({ ...config, blobLocations, pulls });
  try {
    const engine = {
      ...createCopyEngine(registries),
      survey: async (...[request, options]: Parameters<Survey>) => await surveyCopy(registries, request, options),
    };
    return await work({ ...stores, engine, targets: config.targets, pulls });
  } finally {
    registries.close();
  }
}

type Survey = Parameters<typeof planSync>[0]['engine']['survey'];

/** The configured allowances, and for each host that announced several the one with the least left. */
async function knownAllowances(
  { budgets }: Stores,
  { pullAllowances }: FerryConfig,
): Promise<ReadonlyMap<string, PullAllowance & { readonly free: number }>> {
  const known = new Map<string, PullAllowance & { readonly free: number }>();
  for (const [host, allowance] of pullAllowances) known.set(host, { ...allowance, free: allowance.pulls });
  for (const { host, rateLimitSource, pulls, windowMs, free } of await budgets.budgets()) {
    if (pullAllowances.has(host) && rateLimitSource !== '') continue;
    const before = known.get(host);
    if (before === undefined || free < before.free) known.set(host, { pulls, windowMs, free });
  }
  return known;
}
