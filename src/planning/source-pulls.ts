import type { AnnouncedPulls, PullAllowance, PullQuota } from '@image-ferry/registry/pull-quota';

import { spentReason } from '../domain/pull-allowance.js';

/** So often a process repeats to the database what a source keeps saying. */
const repeatMs = 5_000;

interface Account {
  readonly rateLimitSource: string;
  readonly allowance: PullAllowance;
  /** The allowance is what the configuration grants this ferry, not what the source told. */
  readonly configured: boolean;
}

/**
 * The pulls of one process against allowances that all processes share. An allowance is known from the configuration, or
 * from what the source says beside its first answer, which is always one to a HEAD request: those are free.
 */
export class SourcePulls implements PullQuota {
  readonly #budgets: PullBudgets;
  readonly #accounts = new Map<string, Account>();
  readonly #observedAt = new Map<string, number>();
  /** Hosts that have answered, whether or not they spoke of an allowance. */
  readonly #heard = new Set<string>();

  constructor(budgets: PullBudgets, configured: ReadonlyMap<string, PullAllowance> = new Map()) {
    this.#budgets = budgets;
    for (const [host, allowance] of configured) {
      this.#accounts.set(host, { rateLimitSource: '', allowance, configured: true });
    }
  }

  isKnown(host: string): boolean {
    return this.#accounts.has(host) || this.#heard.has(host);
  }

  async acquire(host: string): ReturnType<PullQuota['acquire']> {
    const account = this.#accounts.get(host);
    if (account === undefined) return undefined;
    const { rateLimitSource, allowance } = account;
    const refusal = await this.#budgets.acquire({ host, rateLimitSource }, allowance);
    return refusal === undefined
      ? undefined
      : { reason: spentReason(host, allowance, Date.now() + refusal.freeInMs), ...refusal };
  }

  async observe(host: string, announced: AnnouncedPulls | undefined, ageMs: number): Promise<void> {
    this.#heard.add(host);
    const known = this.#accounts.get(host);
    const account = known?.configured === true ? known : announcedAccount(announced);
    if (account === undefined) {
      // An account without a limit, where there was one before: nothing is counted any more.
      this.#accounts.delete(host);
      return;
    }
    this.#accounts.set(host, account);
    if (announced === undefined || this.#isRepetition(host, known, account, announced)) return;

    const { rateLimitSource, allowance, configured } = account;
    this.#observedAt.set(host, performance.now());
    await this.#budgets.observe({ host, rateLimitSource }, allowance, {
      remaining: announced.remaining,
      ageMs,
      share: configured,
    });
  }

  #isRepetition(host: string, known: Account | undefined, account: Account, { remaining }: AnnouncedPulls): boolean {
    const isKnown =
      known?.rateLimitSource === account.rateLimitSource &&
      known.allowance.pulls === account.allowance.pulls &&
      known.allowance.windowMs === account.allowance.windowMs;
    const observedAt = this.#observedAt.get(host);
    return isKnown && remaining > 0 && observedAt !== undefined && performance.now() - observedAt < repeatMs;
  }
}

function announcedAccount(announced: AnnouncedPulls | undefined): Account | undefined {
  if (announced === undefined) return undefined;
  const { rateLimitSource, pulls, windowMs } = announced;
  return { rateLimitSource, allowance: { pulls, windowMs }, configured: false };
}

export interface PullBudgets {
  /**
   * Books one pull of `spender` at a host, over all processes.
   *
   * @returns undefined when it may be made; else milliseconds until coming back is worth it
   */
  acquire(
    account: { readonly host: string; readonly rateLimitSource: string },
    allowance: PullAllowance,
  ): Promise<{ readonly freeInMs: number } | undefined>;
  /**
   * Records the source's own count, `ageMs` after its request. `share`: the allowance is only a part of what the source
   * grants, so the source's count cannot raise it.
   */
  observe(
    account: { readonly host: string; readonly rateLimitSource: string },
    allowance: PullAllowance,
    told: { readonly remaining: number; readonly ageMs: number; readonly share?: boolean },
  ): Promise<void>;
}
