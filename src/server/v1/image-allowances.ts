import type { StatusStores } from '../read-database.js';

interface Row {
  readonly image: string;
  readonly state: string;
  readonly code?: string | undefined;
}

/** Adds to rows that wait for the pull allowance of their source when it is free again. */
export async function withAllowances<T extends Row>(
  rows: readonly T[],
  budgets: StatusStores['budgets'],
): Promise<readonly (T & { readonly allowanceAt?: number | undefined })[]> {
  if (!rows.some(isHeldBack)) return rows;
  const againAt = new Map<string, number>();
  for (const { host, againAt: at } of await budgets.budgets()) {
    if (at !== undefined) againAt.set(host, Math.min(at, againAt.get(host) ?? at));
  }
  return rows.map((row) => (isHeldBack(row) ? { ...row, allowanceAt: againAt.get(hostOf(row)) } : row));
}

function isHeldBack({ state, code }: Row): boolean {
  return code === 'rate-limited' && (state === 'waiting' || state === 'retrying');
}

function hostOf({ image }: Row): string {
  return image.slice(0, image.indexOf('/'));
}
