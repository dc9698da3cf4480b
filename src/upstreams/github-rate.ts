import { askGitHub } from './github.js';
import type { GitHubOptions } from './github.js';

/** The remaining rate limit of this address or token for the current hour. */
export interface GitHubRate {
  readonly limit: number;
  readonly remaining: number;
  /** When the next hour begins, UTC ms. */
  readonly resetsAt: number;
}

/** The request itself does not count. @throws UpstreamFault */
export async function readGitHubRate(options: GitHubOptions, signal: AbortSignal): Promise<GitHubRate> {
  const url = `${options.apiUrl.replace(/\/+$/, '')}/rate_limit`;
  return await askGitHub(options, { what: 'the rate limit', url }, signal, async (client, own) => {
    const { data } = await client.rest.rateLimit.get({ request: { signal: own } });
    const { limit, remaining, reset } = data.resources.core;
    return { limit, remaining, resetsAt: reset * 1000 };
  });
}
