import type { Stores } from '../../database/stores.js';
import { keptStanding } from '../../observability/metrics/standing.js';
import type { ReadStanding } from '../../observability/metrics/standing.js';

/** For two Prometheus servers that scrape every 15 s, the database is read once. */
const keptForMs = 10_000;

export type MeasuredStores = Pick<Stores, 'measures' | 'budgets'>;

/**
 * Reads what metrics say of the database.
 *
 * @param withStores runs queries on an open database
 * @param targets names of the configured targets
 */
export function standingReader(
  withStores: <T>(query: (stores: MeasuredStores) => Promise<T>) => Promise<T>,
  targets: readonly string[],
): ReadStanding {
  return keptStanding(
    async () =>
      await withStores(async ({ measures, budgets }) => ({
        images: await measures.images(),
        oldestPendingSeconds: await measures.oldestPendingSeconds(),
        targets: await measures.targetsUp(targets),
        drift: await measures.drift(targets),
        pulls: leastBySource(await budgets.budgets()),
      })),
    keptForMs,
  );
}

/** A source may count by several addresses or accounts, whose names are no labels: the least one stops the work. */
function leastBySource(
  budgets: readonly { readonly host: string; readonly free: number }[],
): readonly { readonly source: string; readonly remaining: number }[] {
  const least = new Map<string, number>();
  for (const { host, free } of budgets) least.set(host, Math.min(free, least.get(host) ?? Number.POSITIVE_INFINITY));
  return [...least].map(([source, remaining]) => ({ source, remaining }));
}
