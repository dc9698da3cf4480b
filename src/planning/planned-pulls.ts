import { AsyncLocalStorage } from 'node:async_hooks';

import type { AnnouncedPulls, PullAllowance, PullQuota } from '@image-ferry/registry/pull-quota';

import { FerryError } from '../domain/ferry-error.js';

/** Reading on would have cost a pull, which a plan does not spend unasked. */
export class PullNotSpent extends FerryError {
  constructor(host: string) {
    super(`${host} counts what is read from it: nothing was read; --spend-pulls reads it`, {
      code: 'configuration',
      decision: 'block',
    });
  }
}

/** Counts the reads of a plan, and keeps it from those that a source counts unless they are meant to be spent. */
export class PlannedPulls implements PullQuota {
  readonly #spend: boolean;
  readonly #allowances: Map<string, PullAllowance & { readonly free: number }>;
  /** Hosts that have answered, whether or not they spoke of an allowance. */
  readonly #heard = new Set<string>();
  readonly #needed = new Map<string, number>();
  readonly #current = new AsyncLocalStorage<{ pulls: number }>();

  constructor(known: ReadonlyMap<string, PullAllowance & { readonly free: number }>, spend: boolean) {
    this.#allowances = new Map(known);
    this.#spend = spend;
  }

  /** Runs the work for one image. @returns what it gave, and its reads */
  async count<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly pulls: number }> {
    const counter = { pulls: 0 };
    return { result: await this.#current.run(counter, work), pulls: counter.pulls };
  }

  /** Allowances that are known, and what was needed of them. */
  get allowances() {
    return [...this.#allowances].map(([host, allowance]) => ({
      host,
      ...allowance,
      needed: this.#needed.get(host) ?? 0,
    }));
  }

  isKnown(host: string): boolean {
    return this.#allowances.has(host) || this.#heard.has(host);
  }

  async acquire(host: string): Promise<undefined> {
    this.#needed.set(host, (this.#needed.get(host) ?? 0) + 1);
    const counter = this.#current.getStore();
    if (counter !== undefined) counter.pulls += 1;
    if (this.#allowances.has(host) && !this.#spend) throw new PullNotSpent(host);
    return undefined;
  }

  async observe(host: string, announced: AnnouncedPulls | undefined): Promise<void> {
    this.#heard.add(host);
    if (announced === undefined) return;
    const { pulls, windowMs, remaining } = announced;
    const known = this.#allowances.get(host);
    this.#allowances.set(host, {
      pulls: known?.pulls ?? pulls,
      windowMs: known?.windowMs ?? windowMs,
      free: Math.min(known?.free ?? remaining, remaining),
    });
  }
}
