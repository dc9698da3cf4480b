import type { GitHubOptions } from './github.js';
import { askGitHub } from './github.js';

/** What GitHub still grants this address or token in the present hour. */
export interface GitHubRate {
  readonly limit: number;
  readonly remaining: number;
  /** When there is a new hour, UTC ms. */
  readonly resetsAt: number;
}

/** Asks without spending anything. @throws UpstreamFault */
export async function readGitHubRate(options: GitHubOptions, signal: AbortSignal): Promise<GitHubRate> {
  const url = `${options.apiUrl.replace(/\/+$/, '')}/rate_limit`;
  return await askGitHub(options, { what: 'the rate limit', url }, signal, async (client, own) => {
    const { data } = await client.rest.rateLimit.get({ request: { signal: own } });
    const { limit, remaining, reset } = data.resources.core;
    return { limit, remaining, resetsAt: reset * 1000 };
  });
}
